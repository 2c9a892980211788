/**
 * A dialect: the requests and events of one kind of client, as tables. Requests become commands, domain events become
 * wire events. The sequencers, rooms, access checks and limits behind them are the same for all dialects. A new dialect
 * is one file with one table, listed in `all.ts`. Dialects of one namespace share its sockets; a start fails when two
 * of them use one name.
 *
 * `events` has every event that a dialect sends, with the schema of its payload. The schemas are closed: tests check
 * everything that a client receives against them, so that they find a field that nobody allowed.
 */
import type { TSchema } from 'typebox';
import type { InboxHead, NotificationView, UnreadRanges } from '../../application/views.ts';
import type { MessageWire } from '../../contract/stream-event.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { InboxArrival } from './joining.ts';
import type { Request } from './request.ts';

/** One event as a client receives it. */
export interface Wire {
  readonly name: string;
  readonly payload: object;
  /** Not sent to a client that does not keep up. Never set for the end of something that was announced. */
  readonly ephemeral?: boolean;
}

/** To members of a stream. */
export interface StreamWire extends Wire {
  /** `internal` goes only to members with access to internal notes. */
  readonly audience: 'public' | 'internal';
  /** The id of a socket that does not get it, because it is the sender. */
  readonly exceptSocket?: string;
}

/** The events for members of one stream of the log. */
export interface StreamTable<E extends DomainEvent> {
  /** Whether staff receive internal notes through this dialect. */
  readonly internal: boolean;
  /** For an event, live and in replays. */
  render(event: RecordedEvent<E>, messageWire: MessageWire): readonly StreamWire[];
  /** The last event for a member that lost access. */
  expelled(id: string, version: number): Wire;
  /** For a member that may see more, or less, of the past from now on. */
  viewChanged?(id: string, version: number): Wire;
}

/** An action of a user in a ticket, just now. */
export interface TicketAct {
  readonly ticketId: string;
  readonly user: { readonly id: string; readonly name: string };
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export interface TicketTable extends StreamTable<TicketEvent> {
  /** Whether its members are shown to others as present in the ticket. */
  readonly present: boolean;
  /** For the others in the ticket, once per user. */
  presence?(act: TicketAct, change: 'joined' | 'left'): Wire;
  typing?(act: TicketAct, typing: boolean): Wire;
  /** For the sockets of a user, when their number of unread messages in a ticket changes. */
  unread?(ticketId: string, unread: number): Wire;
  /** For sockets of a user of the ticket that have not joined it, when somebody else posts a message. */
  alert?(ticketId: string, message: object): Wire;
  /** For clients that follow all tickets. */
  changed?(changed: ChangedTickets): Wire;
}

export interface ChangedTickets {
  readonly ticketIds: readonly string[];
  /** Any other ticket may have changed, too. */
  readonly all: boolean;
}

export interface InboxTable {
  /** Whether sockets get their user's inbox when they connect; otherwise they ask for it. */
  readonly onConnect: boolean;
  /** For a socket that connects and cannot continue from the seq that it gives. */
  broken?(arrival: InboxArrival): Wire;
  render(notification: NotificationView): readonly Wire[];
  unread?(counts: UnreadCounts): Wire;
  read?(what: { readonly ids: readonly string[] } | 'all', count: number): Wire;
  /** After the user marked the inbox as seen. */
  seen?(upToSeq: number, counts: UnreadCounts): Wire;
  /** After notifications were read, and for each client that joins. */
  unreadSet?(unread: UnreadSet): Wire;
  /** For a user that may see more, or less, of the past from now on. */
  viewChanged?(seq: number): Wire;
}

/** Unseen are the unread ones that came since the user last opened the inbox. */
export type UnreadCounts = Pick<InboxHead, 'unread' | 'unseen'>;

export interface UnreadSet extends UnreadRanges {
  /** The last seq sent before this. */
  readonly cursor: number;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

/** A socket that connected, disconnected or sent a message to all. */
export interface ClientAct {
  readonly clientId: string;
  readonly userId: string;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export interface ClientsTable {
  /** For the staff in the namespace. */
  joined(act: ClientAct): Wire;
  left(act: ClientAct): Wire;
  /** For all others in the namespace. */
  broadcast(act: ClientAct, message: unknown): Wire;
}

export interface Dialect {
  /** Part of the names of its rooms. */
  readonly name: string;
  readonly namespace: string;
  readonly requests: Readonly<Record<string, Request>>;
  /** The schema of the payload of each event that it sends, by the name of the event. */
  readonly events: Readonly<Record<string, TSchema>>;
  readonly tickets?: TicketTable;
  readonly rooms?: StreamTable<RoomEvent>;
  readonly inbox?: InboxTable;
  readonly clients?: ClientsTable;
  /** The payload of `connected`, if not the usual one. The first dialect of a namespace that has one decides. */
  greeting?(user: UserFacts): object;
}
