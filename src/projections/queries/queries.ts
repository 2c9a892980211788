/**
 * The queries that the API and the gateway ask of the read models. A query whose answer depends on a user's access
 * takes that user as `viewer` and returns only what the viewer may see.
 */
import type { TicketAccess, TicketRelations } from '../../domain/access.ts';
import type { InboxHead, NotificationView, UnreadRanges } from '../../domain/notification/inbox.ts';
import type { ReferenceState } from '../../domain/reference/decider.ts';
import type { ReferenceType } from '../../domain/reference/events.ts';
import type { Category, Status } from '../../domain/ticket/fields.ts';
import type { Message } from '../../domain/ticket/message.ts';
import type { View } from '../../domain/ticket/public-view.ts';
import type { TicketRow } from '../../domain/ticket/state.ts';
import type { Role, UserFacts } from '../../domain/user/identity.ts';

export interface TicketView extends TicketRow {
  /** Of the participants those who were added: only this gives access. */
  readonly addedIds: readonly string[];
  readonly relations: TicketRelations;
}

/** A ticket of the read models as the access policy sees it. */
export function accessOfView(ticket: TicketView): TicketAccess {
  return { ...ticket, participantIds: new Set(ticket.addedIds) };
}

/** A ticket as lists show it to a viewer. */
export interface ListedTicket extends TicketView {
  /** The number of messages that the viewer has not read. */
  readonly unread: number;
}

export interface UserView extends UserFacts {
  /** The version of the user's stream. */
  readonly version: number;
}

export interface ReferenceView extends ReferenceState {
  /** The version of the reference's stream. */
  readonly version: number;
}

export interface RoomView {
  readonly name: string;
  readonly private: boolean;
  readonly members: readonly string[];
  /** The version of the room's stream. */
  readonly version: number;
  readonly createdAt: string;
  /** The time of the room's last event. */
  readonly updatedAt: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

export interface TicketFilter {
  readonly status?: Status;
  readonly assigneeId?: string;
  readonly requesterId?: string;
  readonly category?: Category;
  /** Words to find in the description or the requester's name. */
  readonly text?: string;
  /** Only tickets with messages that the viewer has not read. */
  readonly unread?: boolean;
  /** Only tickets with these ids. */
  readonly ids?: readonly string[];
}

export interface UserFilter {
  readonly role?: Role;
  readonly active?: boolean;
  /** Only users whom tickets can be assigned to. These are listed by name. */
  readonly assignable?: boolean;
  /** Words to find in the name or the email. */
  readonly text?: string;
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  readonly hasMore: boolean;
  /** A version in the viewer's numbering, as a string; null on the last page. */
  readonly nextCursor: string | null;
  /** The number of messages that the viewer may see in this ticket. */
  readonly total: number;
  /** The version up to which this page is complete, in the viewer's numbering. */
  readonly version: number;
  /** The same version of the ticket's stream. A replay starts after it. */
  readonly streamVersion: number;
}

export interface ParticipantView {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  /** In the viewer's numbering; 0 when they have read nothing. */
  readonly lastReadVersion: number;
  readonly unread: number;
}

export interface Queries {
  /** The ticket with this id or number. Undefined when there is none, it is deleted, or the viewer may not see it. */
  ticket(idOrNumber: string, viewer: UserFacts): Promise<TicketView | undefined>;
  tickets(
    filter: TicketFilter,
    viewer: UserFacts,
    page: { cursor?: string; limit: number },
  ): Promise<Page<ListedTicket>>;
  /** The id of the ticket with this id or number, without a check of access; undefined when there is none. */
  ticketId(idOrNumber: string): Promise<string | undefined>;
  /**
   * The id of the deleted ticket that had this id or number, without a check of access; undefined when there is none.
   */
  deletedTicketId(idOrNumber: string): Promise<string | undefined>;
  /**
   * The latest `limit` messages, or `limit` messages before or after a version. Versions are in the numbering of
   * `view`. `internal`: with internal notes, for staff only; what the view says when absent.
   */
  messages(
    ticketId: string,
    options: { view: View; internal?: boolean; limit: number; before?: number; after?: number },
  ): Promise<MessagePage>;
  participants(ticketId: string, view: View): Promise<ParticipantView[]>;
  /** The number of messages of a ticket that the viewer has not read. */
  unread(ticketId: string, viewer: UserFacts): Promise<number>;
  /** Newest first. */
  notifications(
    viewer: UserFacts,
    page: { unread?: boolean; cursor?: string; limit: number },
  ): Promise<Page<NotificationView>>;
  /** In seq order, for replay. */
  notificationsAfter(viewer: UserFacts, seq: number, limit: number): Promise<NotificationView[]>;
  inbox(viewer: UserFacts): Promise<InboxHead>;
  /** The unread notifications as ranges: the newest `limit` ones. */
  unreadNotifications(viewer: UserFacts, limit: number): Promise<UnreadRanges>;
  user(id: string): Promise<UserView | undefined>;
  /** The ids of the users with this vendorId, a few at most. */
  vendorHolders(vendorId: string): Promise<string[]>;
  users(filter: UserFilter, page: { cursor?: string; limit: number }): Promise<Page<UserView>>;
  reference(type: ReferenceType, id: string): Promise<ReferenceView | undefined>;
  room(name: string): Promise<RoomView | undefined>;
  /** The rooms that the viewer may know, by name. */
  rooms(viewer: UserFacts, page: { cursor?: string; limit: number }): Promise<Page<RoomView>>;
}

export interface ProjectionWaiter {
  /** Resolves true once every read model has handled `position`; false when `timeoutMs` passed first. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}
