/** The connection as applications see it (`Connection`), and as the other parts of the library do (`Link`). */
import type { Listenable } from './emitter.ts';
import type { DeskwireError } from './errors.ts';
import type { Me } from './types.ts';

export type ConnectionState = 'offline' | 'connecting' | 'replaying' | 'live';

export interface ConnectionEvents {
  state: ConnectionState;
  /** Why it went offline, or why an attempt to connect failed. */
  error: DeskwireError;
}

export interface Connection extends Listenable<ConnectionEvents> {
  readonly state: ConnectionState;
  /** The last error; undefined while the connection is up. */
  readonly error: DeskwireError | undefined;
  /** Unix time in milliseconds of the next attempt; undefined when none is scheduled. */
  readonly retryAt: number | undefined;
  /** The user, once the server has accepted the token. */
  readonly me: Me | undefined;
  /**
   * Connects now, without waiting for the next attempt; also after `disconnect`, or after a token was refused for good.
   */
  connect(): void;
  /** Disconnects, and stays offline until `connect`. */
  disconnect(): void;
}

/** The server's acknowledgement with `success`, or the error. */
export type Reply =
  // biome-ignore lint/suspicious/noExplicitAny: each request has an answer of its own
  { readonly ok: true; readonly answer: any } | { readonly ok: false; readonly error: DeskwireError };

export interface LinkEvents {
  /** Authenticated; requests may be sent. */
  up: undefined;
  down: undefined;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server sends
  event: { readonly name: string; readonly payload: any };
}

/** The connection as the other parts of the library see it. */
export interface Link extends Listenable<LinkEvents> {
  readonly up: boolean;
  /**
   * Calls back exactly once: in the tick in which the answer arrives (a promise would settle after the events that
   * follow the answer), or with `unreachable`.
   */
  request(name: string, payload: object, then: (reply: Reply) => void): void;
  /** Sends without waiting for an answer; does nothing while the connection is down. */
  send(name: string, payload: object): void;
  /** Records whether this follower still catches up. */
  catchingUp(follower: object, yes: boolean): void;
}
