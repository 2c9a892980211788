/**
 * What can be read: the questions that the API and the gateway ask of the read models. Every question that a user's
 * access limits takes that user; none returns what they may not see.
 */
import type { TicketRelations } from '../../domain/access.ts';
import type { InboxHead, NotificationView } from '../../domain/notification/inbox.ts';
import type { ReferenceState } from '../../domain/reference/decider.ts';
import type { ReferenceType } from '../../domain/reference/events.ts';
import type { Category, Status } from '../../domain/ticket/fields.ts';
import type { Message } from '../../domain/ticket/message.ts';
import type { TicketRow } from '../../domain/ticket/state.ts';
import type { Role, UserFacts } from '../../domain/user/identity.ts';

export interface TicketView extends TicketRow {
  readonly relations: TicketRelations;
}

/** As lists show it to a viewer. */
export interface ListedTicket extends TicketView {
  /** Messages that the viewer has not read. */
  readonly unread: number;
}

export interface UserView extends UserFacts {
  /** Of the user's stream. */
  readonly version: number;
}

export interface ReferenceView extends ReferenceState {
  /** Of the reference's stream. */
  readonly version: number;
}

export interface RoomView {
  readonly name: string;
  readonly private: boolean;
  readonly members: readonly string[];
  /** Of the room's stream. */
  readonly version: number;
  readonly createdAt: string;
  /** When something last happened in it. */
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
  /** Of these only. */
  readonly ids?: readonly string[];
}

export interface UserFilter {
  readonly role?: Role;
  readonly active?: boolean;
  /** Words to find in the name or the email. */
  readonly text?: string;
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  readonly hasMore: boolean;
  /** A version, as a string; null when there is no more. */
  readonly nextCursor: string | null;
  /** How many messages the viewer may see in this ticket. */
  readonly total: number;
  /** The version of the ticket's stream up to which this page is complete: replay from here on. */
  readonly version: number;
}

export interface ParticipantView {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  /** 0 when they have read nothing. */
  readonly lastReadVersion: number;
  readonly unread: number;
}

/** Of the notifications from `from` up to `upTo` exactly those within the ranges are unread. */
export interface UnreadRanges {
  readonly from: number;
  readonly upTo: number;
  /** Of all. */
  readonly count: number;
  /** Of all. */
  readonly unseen: number;
  /** The first and last seq of each, in order. */
  readonly ranges: readonly (readonly [number, number])[];
}

export interface Queries {
  /** `idOrNumber` as a client gave it. Undefined when there is none, it is deleted, or the viewer may not see it. */
  ticket(idOrNumber: string, viewer: UserFacts): Promise<TicketView | undefined>;
  tickets(
    filter: TicketFilter,
    viewer: UserFacts,
    page: { cursor?: string; limit: number },
  ): Promise<Page<ListedTicket>>;
  /** The id of the ticket with this id or number, whoever asks; undefined when there is none. */
  ticketId(idOrNumber: string): Promise<string | undefined>;
  /** The id of the deleted ticket that had this id or number, whoever asks; undefined when there is none. */
  deletedTicketId(idOrNumber: string): Promise<string | undefined>;
  /** The latest `limit` messages, or those before/after a version. */
  messages(
    ticketId: string,
    options: { internal: boolean; limit: number; before?: number; after?: number },
  ): Promise<MessagePage>;
  participants(ticketId: string): Promise<ParticipantView[]>;
  /** Unread messages of a ticket for a user. */
  unread(ticketId: string, viewer: UserFacts): Promise<number>;
  /** Newest first. */
  notifications(
    viewer: UserFacts,
    page: { unread?: boolean; cursor?: string; limit: number },
  ): Promise<Page<NotificationView>>;
  /** In seq order, for replay. */
  notificationsAfter(viewer: UserFacts, seq: number, limit: number): Promise<NotificationView[]>;
  inbox(viewer: UserFacts): Promise<InboxHead>;
  /** Which are unread, as at most `limit` ranges, the newest of them. */
  unreadNotifications(viewer: UserFacts, limit: number): Promise<UnreadRanges>;
  user(id: string): Promise<UserView | undefined>;
  users(filter: UserFilter, page: { cursor?: string; limit: number }): Promise<Page<UserView>>;
  reference(type: ReferenceType, id: string): Promise<ReferenceView | undefined>;
  room(name: string): Promise<RoomView | undefined>;
  /** By name, those that the viewer may know. */
  rooms(viewer: UserFacts, page: { cursor?: string; limit: number }): Promise<Page<RoomView>>;
}

export interface ProjectionWaiter {
  /** Resolves true once every read model has handled `position`, false when `timeoutMs` passed first. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}
