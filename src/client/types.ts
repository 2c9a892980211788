/** What travels between the library and the server, as docs/protocol.md writes it; and what applications give the library. */
import type { Category, Attachment as Filed, PostableMessageType, Priority, Status } from '../domain/ticket/events.ts';
import type { Message as Said } from '../domain/ticket/message.ts';
import type { Actor, Role } from '../domain/user/identity.ts';

export type { Actor, Category, PostableMessageType, Priority, Role, Status };

/** A ticket as the user of this client may see it. */
export interface Ticket {
  readonly id: string;
  /** What people call it by: 1, 2, … */
  readonly number: number;
  /** Of its stream. */
  readonly version: number;
  readonly requesterId: string;
  readonly requesterName: string;
  readonly description: string;
  readonly status: Status;
  readonly category: Category;
  readonly priority: Priority;
  readonly assigneeId: string | null;
  readonly stationId: string | null;
  readonly stationName: string | null;
  readonly grnId: string | null;
  readonly dispatchId: string | null;
  readonly tags: readonly string[];
  readonly participantIds: readonly string[];
  /** Messages that this user has not read. */
  readonly unread: number;
  /** RFC 3339 UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Attachment extends Filed {
  /** Works without a token, for this user and for minutes. `tickets.attachment` fetches it at any time. */
  readonly url: string;
}

export interface Message extends Omit<Said, 'attachments'> {
  readonly attachments: readonly Attachment[];
}

export interface Participant {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  readonly online: boolean;
  /** Version of the ticket up to which they have read. */
  readonly lastReadVersion: number;
  /** Only where this user may know it. */
  readonly unread?: number;
}

export interface Notification {
  readonly id: string;
  /** Gapless, from 1. */
  readonly seq: number;
  /** The socket event of docs/protocol.md section 3 that it is; null for one that was sent by API. */
  readonly event: string | null;
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly priority: Priority;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
  readonly read: boolean;
}

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

export interface TimelineEntry {
  readonly version: number;
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly actor: Actor;
  readonly address: string | null;
  readonly requestId: string;
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

export interface OpenTicket {
  readonly description: string;
  readonly requesterId?: string;
  readonly category?: Category;
  readonly priority?: Priority;
  readonly stationId?: string;
  readonly grnId?: string;
  readonly dispatchId?: string;
  readonly tags?: readonly string[];
}

export interface ChangeTicket {
  readonly status?: Status;
  readonly description?: string;
  readonly category?: Category;
  readonly priority?: Priority;
  readonly assigneeId?: string | null;
  readonly tags?: readonly string[];
}

export interface ListTickets {
  readonly status?: Status;
  readonly assigneeId?: string;
  readonly requesterId?: string;
  readonly category?: Category;
  /** Words in the description and the requester's name. */
  readonly q?: string;
  readonly unread?: boolean;
  /** Of these only; 100 at most. */
  readonly ids?: readonly string[];
  readonly cursor?: string;
  /** 1 to 100; 50 when absent. */
  readonly limit?: number;
}

export interface PostMessage {
  /** May be empty when there are attachments. */
  readonly message: string;
  readonly messageType?: PostableMessageType;
  /** What `upload` answered with. */
  readonly attachments?: readonly Attachment[];
  /** For staff only. */
  readonly internal?: boolean;
}

/** A message of this client that the ticket does not show yet. */
export interface OutgoingMessage extends PostMessage {
  /** Its `clientMessageId`, and its id in the outbox. */
  readonly id: string;
  readonly ticketId: string;
  /** `pending` until the server has it, `sent` until the ticket shows it, `failed` when it was refused for good. */
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
export interface StreamEvent {
  readonly stream: string;
  readonly version: number;
  readonly id: string | null;
  readonly type: string;
  readonly time: string;
  readonly actor: Actor | null;
  // biome-ignore lint/suspicious/noExplicitAny: told apart by `type`, each has data of its own
  readonly data: any;
}

/** Ends what `on` began. */
export type Unsubscribe = () => void;
