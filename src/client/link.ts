/** The connection as applications see it, and as the parts of the library do. */
import type { Listenable } from './emitter.ts';
import type { DeskwireError } from './errors.ts';
import type { Me } from './types.ts';

export type ConnectionState = 'offline' | 'connecting' | 'replaying' | 'live';

export interface ConnectionEvents {
  state: ConnectionState;
  /** Why it went offline, or does not get away from there. */
  error: DeskwireError;
}

export interface Connection extends Listenable<ConnectionEvents> {
  readonly state: ConnectionState;
  /** The last thing that went wrong; undefined while all is well. */
  readonly error: DeskwireError | undefined;
  /** Unix time in milliseconds of the next attempt; undefined when none is planned. */
  readonly retryAt: number | undefined;
  /** The user, once the server has said so. */
  readonly me: Me | undefined;
  /** Now, without waiting for the next attempt; also after `disconnect`, or when a token was refused for good. */
  connect(): void;
  /** Until `connect`. */
  disconnect(): void;
}

/** `success` and what the server acked, or why not. */
export type Reply =
  // biome-ignore lint/suspicious/noExplicitAny: each request has an answer of its own
  { readonly ok: true; readonly answer: any } | { readonly ok: false; readonly error: DeskwireError };

export interface LinkEvents {
  /** Authenticated: requests may be sent. */
  up: undefined;
  down: undefined;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server sends
  event: { readonly name: string; readonly payload: any };
}

/** What the parts of the library see of the connection. */
export interface Link extends Listenable<LinkEvents> {
  readonly up: boolean;
  /**
   * Calls back exactly once, in the tick in which the answer arrives (a promise would be settled after the events that
   * follow it), or with `unreachable`.
   */
  ask(name: string, payload: object, then: (reply: Reply) => void): void;
  /** Without caring for the answer; nothing when it is down. */
  tell(name: string, payload: object): void;
  /** Whether this follower still catches up. */
  catchingUp(follower: object, yes: boolean): void;
}
