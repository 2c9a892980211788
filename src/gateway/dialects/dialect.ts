/**
 * What a dialect is: how one kind of client speaks. Requests become commands, domain events become wire events; the
 * sequencers, rooms, access checks and limits behind them are the same for all. A new dialect is one file with one
 * table, added to the list in `gateway.ts`. Dialects of one namespace share its sockets; their events differ in name.
 */
import type { Static, TSchema } from 'typebox';
import { validator } from '../../application/validation.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import type { Message } from '../../domain/ticket/message.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { MessagePage, NotificationView } from '../../projections/queries.ts';
import type { Session } from '../connection/session.ts';
import type { Toolbox } from '../toolbox.ts';

/** One event as a client receives it. */
export interface Wire {
  readonly name: string;
  readonly payload: object;
}

/** `internal` goes to the staff in the ticket only. */
export interface TicketWire extends Wire {
  readonly audience: 'public' | 'internal';
}

/** Where a socket stands when it has joined a ticket. */
export interface TicketArrival {
  readonly ticketId: string;
  /** The last version that the history and the replay behind it bring. */
  readonly version: number;
  readonly epoch: string;
  /** True when the replay continues where the client was; else it gets the latest page. */
  readonly recovered: boolean;
  readonly page: MessagePage | undefined;
  /** How many messages a page has at most. */
  readonly limit: number;
}

/** Who did something in a ticket just now. */
export interface TicketAct {
  readonly ticketId: string;
  readonly user: { readonly id: string; readonly name: string };
  /** RFC 3339 UTC. */
  readonly timestamp: string;
}

/** Renders a message for the wire: its attachments' URLs depend on the deployment. */
export type MessageWire = (message: Message) => object;

export interface TicketDialect {
  /** What members are sent for an event, live and in replays. */
  render(event: RecordedEvent<TicketEvent>, messageWire: MessageWire): readonly TicketWire[];
  /** In this order, before the replay. */
  arrived(arrival: TicketArrival, messageWire: MessageWire): readonly Wire[];
  /** The last thing that a member hears who may no longer see the ticket. */
  expelled(ticketId: string): Wire;
  /** To the others in the ticket, once per user. */
  presence?(act: TicketAct, change: 'joined' | 'left'): Wire;
  typing?(act: TicketAct, typing: boolean): Wire;
  /** To a user's own sockets, when what they have not read in a ticket changes. */
  unread?(ticketId: string, unread: number): Wire;
}

export interface InboxDialect {
  render(notification: NotificationView): readonly Wire[];
  unread(count: number): Wire;
  read(what: { readonly ids: readonly string[] } | 'all', count: number): Wire;
  resync(seq: number): Wire;
}

export interface Dialect {
  /** Part of the names of its rooms. */
  readonly name: string;
  readonly namespace: string;
  readonly requests: Readonly<Record<string, Request>>;
  readonly tickets?: TicketDialect;
  /** Its sockets get their user's inbox from the moment they connect. */
  readonly inbox?: InboxDialect;
  /** The payload of `connected`. */
  greeting(user: UserFacts): object;
}

/** One request being answered. */
export interface Call {
  readonly session: Session;
  readonly tools: Toolbox;
  readonly correlationId: string;
}

/** The fields that a successful ack carries beside `success`. */
export type Reply = object | undefined;

export interface Request {
  /** Throws DeskwireError `invalid_payload` before anything is done. Requests of one lane are answered in order. */
  prepare(payload: unknown): { readonly lane: string; answer(call: Call): Promise<Reply> | Reply };
}

/** A request whose payload has this schema. A missing payload is an empty object. */
export function request<S extends TSchema>(
  schema: S,
  answer: (call: Call, payload: Static<S>) => Promise<Reply> | Reply,
): Request {
  const validate = validator(schema);
  return {
    prepare(payload) {
      const valid = validate(payload ?? {});
      return { lane: laneOf(valid), answer: (call) => answer(call, valid) };
    },
  };
}

/** What concerns one ticket happens in the order in which it was sent. */
function laneOf(payload: unknown): string {
  const named = typeof payload === 'object' && payload !== null && 'ticketId' in payload ? payload.ticketId : '';
  return String(named);
}
