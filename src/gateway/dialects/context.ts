/**
 * The things that a dialect needs from the gateway to answer a request. A dialect declares them here, and the gateway
 * implements them, so that a new dialect imports nothing from the gateway.
 */
import type { Application } from '../../application/application.ts';
import type { MessageWire } from '../../contract/stream-event.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Dialect, Wire } from './dialect.ts';
import type { Arrival, InboxArrival, InboxRequest, Joined, JoinRequest, Membership, Place } from './joining.ts';

/** One authenticated socket, as a dialect knows it. */
export interface DialectClient {
  /** The id of the socket. */
  readonly id: string;
  /** The user as the directory knows them now. */
  readonly user: UserFacts;
  readonly address: string;
  /** The W3C trace context of the connection, if the client sent a valid one. */
  readonly traceparent: string | undefined;
  send(...wires: readonly Wire[]): void;
}

/** Everything here acts for the client of the request. */
export interface DialectContext {
  readonly application: Application;
  readonly streams: StreamsPort;
  readonly inbox: InboxPort;
  readonly typing: TypingPort;
  /** Messages of a page unless the client asks for another number. */
  readonly historySize: number;
  /** Renders messages for the client's user. */
  readonly messageWire: MessageWire;
  /** Unix time in milliseconds. */
  now(): number;
  /** The epoch of the log. */
  epoch(): string;
  /** Resolves when the read models know the event at this position, or after `ms`. */
  waitFor(position: number, ms: number): Promise<unknown>;
  /** Runs a read of the past when there is room for it. Rejects with `unavailable` when too many wait. */
  replay<T>(read: () => Promise<T>): Promise<T>;
  /** Follows the changes of all tickets. False for a user who does not see every ticket. */
  followTickets(): boolean;
  /** Sends a message to all others in the client's namespace. */
  broadcast(message: unknown): void;
  /** Replaces the token of the connection. Rejects with `forbidden` for a token of another user. */
  refreshToken(token: string): Promise<void>;
}

export interface StreamsPort {
  /** `welcome` sends the first events to the client. It is called in the tick in which the client joins. */
  join(dialect: Dialect, request: JoinRequest, welcome: (arrival: Arrival) => void): Promise<Joined>;
  /** Resolves with the ticket's id or the room's name; for a client that had not joined, with the id as given. */
  leave(dialect: Dialect, place: Place): Promise<string>;
  /** Throws `conflict` for a client that has not joined. */
  require(dialect: Dialect, place: Place): Promise<Membership>;
}

/** Throws `unavailable` for as long as the inbox is not opened. */
export interface InboxPort {
  /** `welcome` sends the first events to the client. It is called in the tick in which the client joins. */
  join(dialect: Dialect, request: InboxRequest, welcome: (arrival: InboxArrival) => void): Promise<void>;
  leave(dialect: Dialect): void;
}

export interface TypingPort {
  publish(ticketId: string, typing: boolean, internal: boolean): void;
  /** Does nothing for a user who was not typing. */
  stop(ticketId: string): void;
}
