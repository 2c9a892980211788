/**
 * The ports of the dialects: what a request handler may use. Dialects declare these interfaces and the gateway
 * implements them (`dialect-context.ts`), so that a dialect imports nothing from the gateway and a test can implement
 * the ports by hand.
 *
 * Each request gets a `DialectContext` that is bound to its client. No method takes a client: a request can only act
 * for the client that sent it. Rejections are `DeskwireError`s. A handler need not catch them: the gateway sends them
 * to the client as the answer of the request.
 */
import type { Application } from '../../application/application.ts';
import type { MessageWire } from '../../contract/stream-event.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Dialect, Wire } from './dialect.ts';
import type { Arrival, InboxArrival, InboxRequest, Joined, JoinRequest, Membership, Place } from './joining.ts';

/** The client that sent a request: one authenticated socket. */
export interface DialectClient {
  /** The id of the socket. */
  readonly id: string;
  /** The user as the directory knows them now. */
  readonly user: UserFacts;
  /** The client's IP address. */
  readonly address: string;
  /** The W3C trace context of the connection, if the client sent a valid one. */
  readonly traceparent: string | undefined;
  /** Sends events to this client alone, in the given order. */
  send(...wires: readonly Wire[]): void;
}

/** The ports for one request. All of them act for the client that sent it. */
export interface DialectContext {
  /** For the use cases of `src/application`. A dialect uses it for every command and query. */
  readonly application: Application;
  /** Joins and leaves tickets and rooms. */
  readonly streams: StreamsPort;
  /** Joins and leaves the inbox of the client's user. */
  readonly inbox: InboxPort;
  /** Shows other members of a ticket that the client's user is typing. */
  readonly typing: TypingPort;
  /** The number of messages in a page, if the client does not ask for another number. */
  readonly historySize: number;
  /** Renders a message for the client's user. Links to attachments are signed for this user. */
  readonly messageWire: MessageWire;
  /** Unix time in milliseconds. */
  now(): number;
  /** The epoch of the log. Versions from another epoch are void. */
  epoch(): string;
  /**
   * Waits until the read models contain the event at this position, so that a query shows what a command has recorded.
   * Resolves after `ms` milliseconds at the latest.
   */
  waitFor(position: number, ms: number): Promise<unknown>;
  /**
   * Runs a read of the past, such as a page of messages. The number of such reads at once is limited: `read` starts
   * when its turn comes. Rejects with `unavailable` when too many reads wait. `streams.join` needs no `replay` around
   * it.
   */
  replay<T>(read: () => Promise<T>): Promise<T>;
  /**
   * Sends the client the changes of all tickets from now on, by `changed` of the dialect's table. False, without
   * effect, for a user who does not see every ticket.
   */
  followTickets(): boolean;
  /** Sends a message to all other clients in the client's namespace, by `broadcast` of the dialect's table. */
  broadcast(message: unknown): void;
  /** Replaces the token of the client's connection. Rejects with `forbidden` for a token of another user. */
  refreshToken(token: string): Promise<void>;
}

/**
 * Memberships of the client in tickets and rooms. Each dialect has memberships of its own: pass the dialect whose table
 * renders the events.
 */
export interface StreamsPort {
  /**
   * Makes the client a member: it gets a replay, then live events. Call it again to get a replay after another version.
   *
   * The gateway calls `welcome` once, in the tick in which the client joins. `welcome` must send the replay, and the
   * dialect's own greeting, before it returns: live events follow it.
   *
   * Rejects with `not_found` or `forbidden` for a user without access, with `rate_limited` when the client is in too
   * many streams, and with `unavailable` when the log cannot be read.
   */
  join(dialect: Dialect, request: JoinRequest, welcome: (arrival: Arrival) => void): Promise<Joined>;
  /**
   * Ends the membership, if there is one. Resolves with the ticket's id or the room's name; with the id as given if the
   * client had not joined.
   */
  leave(dialect: Dialect, place: Place): Promise<string>;
  /** Resolves with the client's membership. Rejects with `conflict` if the client has not joined. */
  require(dialect: Dialect, place: Place): Promise<Membership>;
}

/**
 * The inbox of the client's user. A dialect with `onConnect` in its inbox table needs no port: its clients join when
 * they connect. Methods throw `unavailable` while the inbox is not open.
 */
export interface InboxPort {
  /** Sends the client a replay, then live notifications. `welcome` as for `StreamsPort.join`. */
  join(dialect: Dialect, request: InboxRequest, welcome: (arrival: InboxArrival) => void): Promise<void>;
  leave(dialect: Dialect): void;
}

/** Typing of the client's user. Members of the ticket receive it by `typing` of their dialect's table. */
export interface TypingPort {
  /**
   * Call it when the user starts, continues or ends to type. `internal`: an internal note, which only staff see. Typing
   * ends by itself when no further call comes.
   */
  publish(ticketId: string, typing: boolean, internal: boolean): void;
  /** Call it when the user posts or leaves. Does nothing if the user was not typing. */
  stop(ticketId: string): void;
}
