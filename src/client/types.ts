/**
 * The shapes between the library and the server, derived from the contract, and the shapes that applications pass to
 * the library. Types only: no schema gets into the bundle. docs/protocol.md says what each field means.
 */
import type * as attachment from '../contract/attachment.ts';
import type * as message from '../contract/message.ts';
import type * as notification from '../contract/notification.ts';
import type * as participant from '../contract/participant.ts';
import type * as stream from '../contract/stream-event.ts';
import type * as ticket from '../contract/ticket.ts';
import type * as timeline from '../contract/timeline.ts';
import type { Priority } from '../domain/priority.ts';
import type { PostableMessageType } from '../domain/ticket/events.ts';
import type { Category, Status } from '../domain/ticket/fields.ts';
import type { Actor, Role } from '../domain/user/identity.ts';

export type { Actor, Category, PostableMessageType, Priority, Role, Status };

/** A ticket as the user of this client may see it. People call it by its `number`. Times are RFC 3339 UTC. */
export type Ticket = Readonly<ticket.Ticket>;

/**
 * Its `url` works without a token, for this user and for a few minutes. `tickets.attachment` fetches the file at any
 * time.
 */
export type Attachment = Readonly<attachment.Attachment>;

export type Message = Readonly<message.Message>;

/**
 * `lastReadVersion`: the version of the ticket up to which they have read. `unread` is present only where this user may
 * know it.
 */
export type Participant = Readonly<participant.Participant>;

/** `event`: the name of the socket event (docs/protocol.md section 3); null for a notification that was sent by API. */
export type Notification = Readonly<notification.Notification>;

export interface RoomMessage {
  readonly id: string;
  readonly room: string;
  readonly version: number;
  readonly message: unknown;
  readonly userId: string;
  readonly userName: string;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export type TimelineEntry = Readonly<timeline.TimelineEntry>;

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it as `cursor` for the next page; null on the last page. */
  readonly nextCursor: string | null;
}

export type OpenTicket = ReadonlyFields<ticket.OpenTicketBody>;

/** `assigneeId: null` removes the assignee. */
export type ChangeTicket = ReadonlyFields<ticket.ChangeTicketBody>;

/** Makes the fields and their lists read-only. */
type ReadonlyFields<T> = {
  readonly [Key in keyof T]: T[Key] extends (infer Item)[] | undefined ? readonly Item[] : T[Key];
};

export interface ListTickets {
  readonly status?: Status;
  readonly assigneeId?: string;
  readonly requesterId?: string;
  readonly category?: Category;
  /** Words in the description and the requester's name. */
  readonly q?: string;
  readonly unread?: boolean;
  /** Only these tickets; at most 100 ids. */
  readonly ids?: readonly string[];
  readonly cursor?: string;
  /** 1 to 100; 50 when absent. */
  readonly limit?: number;
}

export interface PostMessage {
  /** May be empty when there are attachments. */
  readonly message: string;
  readonly messageType?: PostableMessageType;
  /** The answers of `upload`. */
  readonly attachments?: readonly Attachment[];
  /** For staff only. */
  readonly internal?: boolean;
}

/** A message that this client has posted and that the ticket does not show yet. */
export interface OutgoingMessage extends PostMessage {
  /** The message's `clientMessageId`, and its id in the outbox. */
  readonly id: string;
  readonly ticketId: string;
  /**
   * `pending` until the server has it, `sent` until the ticket shows it, `failed` when the server refused it for good.
   */
  readonly state: 'pending' | 'sent' | 'failed';
  /** Why it failed, or why it is still pending. */
  readonly error?: { readonly code: string; readonly message: string };
  /** RFC 3339 UTC, by this device's clock. */
  readonly createdAt: string;
}

export interface Me {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** One event of a stream. Source: docs/protocol.md section 7. */
// biome-ignore lint/suspicious/noExplicitAny: told apart by `type`, each has data of its own
export type StreamEvent = Omit<stream.StreamEvent<any>, 'position'>;

/** Ends the subscription that `on` started. */
export type Unsubscribe = () => void;
