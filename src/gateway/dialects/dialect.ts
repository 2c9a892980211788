/**
 * What a dialect is: how one kind of client speaks, as tables. Requests become commands, domain events become wire events;
 * the sequencers, rooms, access checks and limits behind them are the same for all. A new dialect is one file with one
 * table, named in `all.ts`. Dialects of one namespace share its sockets; their names differ, which is checked at start.
 *
 * Every event that a dialect sends is in `events` with the schema of its payload. The schemas are closed: tests hold
 * everything that a client receives against them, so that a field which nobody allowed is found.
 */
import type { TSchema } from 'typebox';
import type { MessageWire } from '../../contract/stream-event.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { InboxHead, NotificationView, UnreadRanges } from '../../projections/queries/queries.ts';
import type { ChangedTickets } from '../delivery/ticket-changes.ts';
import type { InboxArrival } from '../inbox/live-inbox.ts';
import type { Request } from './request.ts';

/** One event as a client receives it. */
export interface Wire {
  readonly name: string;
  readonly payload: object;
  /** Whoever does not keep up need not hear it. Never what ends something that others were told has begun. */
  readonly ephemeral?: boolean;
}

/** To members of a stream. */
export interface StreamWire extends Wire {
  /** `internal` goes only to those members who may hear it. */
  readonly audience: 'public' | 'internal';
  /** The id of a socket that is left out: it knows already. */
  readonly exceptSocket?: string;
}

/** What the members of one stream of the log are sent. */
export interface StreamTable<E extends DomainEvent> {
  /** Whether staff hear internal notes through this dialect. */
  readonly internal: boolean;
  /** For an event, live and in replays. */
  render(event: RecordedEvent<E>, messageWire: MessageWire): readonly StreamWire[];
  /** The last thing that a member hears who may no longer be there. */
  expelled(id: string, version: number): Wire;
  /** To a member who from now on may see more, or less, of what already happened. */
  viewChanged?(id: string, version: number): Wire;
}

/** Who did something in a ticket just now. */
export interface TicketAct {
  readonly ticketId: string;
  readonly user: { readonly id: string; readonly name: string };
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export interface TicketTable extends StreamTable<TicketEvent> {
  /** Whether its members are in the ticket, as others are shown it, rather than looking on. */
  readonly present: boolean;
  /** To the others in the ticket, once per user. */
  presence?(act: TicketAct, change: 'joined' | 'left'): Wire;
  typing?(act: TicketAct, typing: boolean): Wire;
  /** To a user's own sockets, when what they have not read in a ticket changes. */
  unread?(ticketId: string, unread: number): Wire;
  /** To those sockets of someone on the ticket that have not joined it, for a message of somebody else. */
  alert?(ticketId: string, message: object): Wire;
  /** To those who follow all tickets. */
  changed?(changed: ChangedTickets): Wire;
}

export interface InboxTable {
  /** Its sockets get their user's inbox from the moment they connect; else those that ask for it. */
  readonly onConnect: boolean;
  /** To a socket that connects and cannot go on from the seq that it names. */
  broken?(arrival: InboxArrival): Wire;
  render(notification: NotificationView): readonly Wire[];
  unread?(counts: UnreadCounts): Wire;
  read?(what: { readonly ids: readonly string[] } | 'all', count: number): Wire;
  /** After the user looked at the inbox. */
  seen?(upToSeq: number, counts: UnreadCounts): Wire;
  /** After notifications were read, and to whoever comes. */
  unreadOnes?(unread: UnreadOnes): Wire;
  /** To a user who from now on may see more, or less, of what they were told. */
  viewChanged?(seq: number): Wire;
}

/** Of the unread ones, those are unseen that came since the user last looked. */
export type UnreadCounts = Pick<InboxHead, 'unread' | 'unseen'>;

export interface UnreadOnes extends UnreadRanges {
  /** The last seq sent before this. */
  readonly cursor: number;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

/** A socket that came or went, or what it said to all. */
export interface ClientAct {
  readonly clientId: string;
  readonly userId: string;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

export interface ClientsTable {
  /** To the staff in the namespace. */
  joined(act: ClientAct): Wire;
  left(act: ClientAct): Wire;
  /** To all others in the namespace. */
  broadcast(act: ClientAct, message: unknown): Wire;
}

export interface Dialect {
  /** Part of the names of its rooms. */
  readonly name: string;
  readonly namespace: string;
  readonly requests: Readonly<Record<string, Request>>;
  /** Everything that it sends: the schema of each event's payload by the event's name. */
  readonly events: Readonly<Record<string, TSchema>>;
  readonly tickets?: TicketTable;
  readonly rooms?: StreamTable<RoomEvent>;
  readonly inbox?: InboxTable;
  readonly clients?: ClientsTable;
  /** The payload of `connected`, where it differs from the usual one. The first dialect of a namespace that has one greets. */
  greeting?(user: UserFacts): object;
}
