/**
 * A dialect: the requests and events of one kind of client, as tables. Requests become commands, and domain events
 * become wire events. The order of events, access checks and limits are the same for all dialects. A new dialect is one
 * file with one table, listed in `all.ts`. Dialects of one namespace share its sockets. The start fails when two of
 * them use the same name.
 *
 * `events` has every event that a dialect sends, with the schema of its payload. The schemas are closed: tests check
 * every event that a client receives against them, and so find a field that the schema does not have.
 */
import type { TSchema } from 'typebox';
import type { MessageWire } from '../../contract/stream-event.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import type { InboxHead, UnreadRanges, WordedNotification } from '../../domain/notification/inbox.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { InboxArrival } from './joining.ts';
import type { Request } from './request.ts';

/** A wire event: one event as a client receives it. */
export interface Wire {
  readonly name: string;
  readonly payload: object;
  /** Not sent to a client that is behind. Never set for the end of something that an earlier event announced. */
  readonly ephemeral?: boolean;
}

/** A wire event for members of a stream. */
export interface StreamWire extends Wire {
  /** `internal` goes only to members with access to internal notes. */
  readonly audience: 'public' | 'internal';
  /** The id of a socket that does not receive the event, because it is the sender. */
  readonly exceptSocket?: string;
}

/** The events for members of one stream of the log. */
export interface StreamTable<E extends DomainEvent> {
  /** Whether staff receive internal notes through this dialect. */
  readonly internal: boolean;
  /** The wire events of a domain event, live and in replays. */
  render(event: RecordedEvent<E>, messageWire: MessageWire): readonly StreamWire[];
  /** The last event for a member that lost access. */
  expelled(id: string, version: number): Wire;
  /** For a member that may see more, or less, of the past events from now on. */
  viewChanged?(id: string, version: number): Wire;
}

/** An action of a user in a ticket: to come, go or type. */
export interface TicketAct {
  readonly ticketId: string;
  readonly user: { readonly id: string; readonly name: string };
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export interface TicketTable extends StreamTable<TicketEvent> {
  /** Whether its members are shown to others as present in the ticket. */
  readonly present: boolean;
  /** For the other members, once per user. */
  presence?(act: TicketAct, change: 'joined' | 'left'): Wire;
  /** For the other members, when a user starts or ends to type. */
  typing?(act: TicketAct, typing: boolean): Wire;
  /** For the sockets of a user, when their number of unread messages in a ticket changes. */
  unread?(ticketId: string, unread: number): Wire;
  /** For clients of the ticket's users that have not joined the ticket, when another user posts a message. */
  alert?(ticketId: string, message: object): Wire;
  /** For clients that follow all tickets. */
  changed?(changed: ChangedTickets): Wire;
}

export interface ChangedTickets {
  readonly ticketIds: readonly string[];
  /** True when any other ticket may have changed, too. */
  readonly all: boolean;
}

export interface InboxTable {
  /** Whether clients join their inbox when they connect. Otherwise they join it by a request. */
  readonly onConnect: boolean;
  /** For a client that connects and cannot continue from the seq that it gave. */
  broken?(arrival: InboxArrival): Wire;
  /** The wire events of a notification, live and in replays. */
  render(notification: WordedNotification): readonly Wire[];
  /** When the counts change, and for each client that joins. */
  unread?(counts: UnreadCounts): Wire;
  /** After the user read notifications. `count`: those that remain unread. */
  read?(what: { readonly ids: readonly string[] } | 'all', count: number): Wire;
  /** After the user marked the inbox as seen. */
  seen?(upToSeq: number, counts: UnreadCounts): Wire;
  /** After notifications were read, and for each client that joins. */
  unreadSet?(unread: UnreadSet): Wire;
  /** For a user who may see more, or less, of the past notifications from now on. */
  viewChanged?(seq: number): Wire;
}

/** `unseen`: the unread notifications that came after the user last opened the inbox. */
export type UnreadCounts = Pick<InboxHead, 'unread' | 'unseen'>;

/** The set of a user's unread notifications. */
export interface UnreadSet extends UnreadRanges {
  /** The last seq sent before this. */
  readonly cursor: number;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

/** An action of a client: to connect, disconnect or send a broadcast. */
export interface ClientAct {
  readonly clientId: string;
  readonly userId: string;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export interface ClientsTable {
  /** For staff in the namespace, when a client connects. */
  joined(act: ClientAct): Wire;
  /** For staff in the namespace, when a client disconnects. */
  left(act: ClientAct): Wire;
  /** For all other clients in the namespace. */
  broadcast(act: ClientAct, message: unknown): Wire;
}

export interface Dialect {
  /** Unique. It prefixes the names of the dialect's Socket.IO rooms. */
  readonly name: string;
  readonly namespace: string;
  /** The schemas of the fields of the handshake's `auth` that it takes, beside those of every namespace. */
  readonly handshake?: Readonly<Record<string, TSchema>>;
  readonly requests: Readonly<Record<string, Request>>;
  /** The schema of the payload of each event that it sends, by the name of the event. */
  readonly events: Readonly<Record<string, TSchema>>;
  readonly tickets?: TicketTable;
  readonly rooms?: StreamTable<RoomEvent>;
  readonly inbox?: InboxTable;
  readonly clients?: ClientsTable;
  /** The payload of `connected`, if not the usual one. Of a namespace's dialects, the first that has one decides. */
  greeting?(user: UserFacts): object;
}
