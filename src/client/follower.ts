/**
 * Follows one stream: keeps the cursor (version and epoch), loads afresh when there is no cursor or the server says so,
 * and subscribes again after every end of the connection. A source that applies the events in the order given has
 * exactly the state that a fresh load would give. Source: docs/protocol.md section 7.
 *
 *     loading ──▶ live ⇄ stale (no connection: the state may be old)
 *        │         │
 *        └──▶ gone ◀┘  (this user may not see it, or it was deleted; the next connection tries again)
 */

import type { Backoff } from './backoff.ts';
import { createDeferred, type Deferred } from './deferred.ts';
import { asError, closedError, type DeskwireError, isPassing } from './errors.ts';
import type { Link, Reply } from './link.ts';
import type { Surroundings } from './surroundings.ts';
import type { StreamEvent } from './types.ts';

export type FollowStatus = 'loading' | 'live' | 'stale' | 'gone';

export interface Loaded {
  /** The smallest version at which any part of it was read. */
  readonly version: number;
  /** Undefined when nothing was loaded, because the stream is the only source. */
  readonly epoch: string | undefined;
  /** Makes the loaded state the current one. */
  take(): void;
}

/** One stream, and how to load it and apply its events. */
export interface Source {
  readonly stream: string;
  /**
   * Rejects with `not_found` or `forbidden` when this user may not see it. `cursor`: the version up to which the state
   * is known. `broken`: the version that the server named when it said to load afresh.
   */
  load(cursor: Cursor | undefined, broken: number | undefined): Promise<Loaded>;
  apply(event: StreamEvent): void;
  /** Clears the state, because this user may no longer see the stream. */
  clear(): void;
  statusChanged(status: FollowStatus, error: DeskwireError | undefined): void;
  /** The stream is subscribed, and the state is current up to this version. */
  subscribed?(version: number): void;
}

export interface Cursor {
  readonly version: number;
  readonly epoch: string | undefined;
}

export interface Follower {
  readonly status: FollowStatus;
  readonly cursor: Cursor | undefined;
  /** Resolves once it is live; rejects when it is gone, or closed. */
  ready(): Promise<void>;
  /** Loads afresh. */
  reload(): void;
  close(): void;
}

interface FollowerDeps {
  readonly link: Link;
  readonly source: Source;
  readonly backoff: Backoff;
  readonly surroundings: Pick<Surroundings, 'after'>;
}

export function createFollower({ link, source, backoff, surroundings }: FollowerDeps): Follower {
  const { stream } = source;
  const self = {};
  let status: FollowStatus = 'loading';
  let cursor: Cursor | undefined;
  /** Whether the state must be loaded again, whatever the cursor is. */
  let stale = true;
  let broken: number | undefined;
  /** True from the acknowledgement until the subscription ends or breaks; events outside of that are ignored. */
  let subscribed = false;
  /** Counts attempts; only the last one counts. */
  let attempt = 0;
  let cancel: (() => void) | undefined;
  let waiting: Deferred<void> | undefined;
  let error: DeskwireError | undefined;
  let closed = false;

  function setStatus(next: FollowStatus, reason?: DeskwireError): void {
    error = reason;
    link.catchingUp(self, link.up && (next === 'loading' || next === 'stale'));
    if (next === 'live') waiting?.resolve();
    if (next === 'gone') waiting?.reject(reason);
    waiting = next === 'live' || next === 'gone' ? undefined : (waiting ?? unobserved());
    if (next === status && reason === undefined) return;
    status = next;
    source.statusChanged(next, reason);
  }

  function begin(): void {
    const number = ++attempt;
    cancel?.();
    subscribed = false;
    if (closed || !link.up) return;
    setStatus(status === 'gone' ? 'loading' : status === 'live' ? 'stale' : status);
    if (stale) void load(number);
    else subscribe(number);
  }

  /** Never rejects. */
  async function load(number: number): Promise<void> {
    try {
      const loaded = await source.load(cursor, broken);
      if (number !== attempt) return;
      loaded.take();
      cursor = { version: loaded.version, epoch: loaded.epoch };
      stale = false;
      broken = undefined;
      subscribe(number);
    } catch (failure) {
      if (number === attempt) failed(asError(failure));
    }
  }

  function subscribe(number: number): void {
    const after = cursor && { after: cursor.version };
    const epoch = cursor?.epoch !== undefined && { epoch: cursor.epoch };
    link.request('subscribe', { stream, ...after, ...epoch }, (reply) => {
      if (number === attempt) answered(reply);
    });
  }

  function answered(reply: Reply): void {
    if (!reply.ok) {
      // The connection is down: the next one subscribes again.
      if (link.up) failed(reply.error);
      return;
    }
    const { answer } = reply;
    // A `resync` event follows, and starts the load.
    if (!answer.recovered) return;
    for (const event of answer.events) take(event);
    cursor = { version: answer.version, epoch: answer.epoch };
    subscribed = true;
    backoff.reset();
    setStatus('live');
    source.subscribed?.(answer.version);
  }

  function failed(reason: DeskwireError): void {
    if (
      isPassing(reason) ||
      reason.code === 'no_token' ||
      reason.code === 'unauthorized' ||
      reason.code === 'token_expired'
    ) {
      setStatus(status === 'live' ? 'stale' : status, reason);
      cancel = surroundings.after(backoff.next((reason.retryAfter ?? 0) * 1_000), begin);
      return;
    }
    cursor = undefined;
    stale = true;
    source.clear();
    setStatus('gone', reason);
  }

  /**
   * Ignores an event that was applied before. Events without an id state a fact and do not advance the version, so they
   * are always applied.
   */
  function take(event: StreamEvent): void {
    if (cursor !== undefined && event.version <= cursor.version && event.id !== null) return;
    source.apply(event);
    if (cursor !== undefined) cursor = { ...cursor, version: Math.max(cursor.version, event.version) };
  }

  const unsubscribes = [
    link.on('up', begin),
    link.on('down', () => {
      attempt += 1;
      cancel?.();
      subscribed = false;
      link.catchingUp(self, false);
      if (status === 'live') setStatus('stale');
    }),
    link.on('event', ({ name, payload }) => {
      if (payload?.stream !== stream) return;
      if (name === 'event' && subscribed) take(payload);
      if (name !== 'resync') return;
      stale = true;
      broken = payload.version;
      begin();
    }),
  ];
  waiting = unobserved();
  begin();

  return {
    get status() {
      return status;
    },
    get cursor() {
      return cursor;
    },
    ready: () => {
      if (closed) return Promise.reject(closedError());
      if (status === 'live') return Promise.resolve();
      if (status === 'gone') return Promise.reject(error);
      waiting ??= unobserved();
      return waiting.promise;
    },
    reload() {
      stale = true;
      begin();
    },
    close() {
      closed = true;
      attempt += 1;
      cancel?.();
      for (const one of unsubscribes) one();
      link.catchingUp(self, false);
      waiting?.reject(closedError());
      link.send('unsubscribe', { stream });
    },
  };
}

/** A promise that nobody has to await: its rejection is never reported as unhandled. */
function unobserved(): Deferred<void> {
  const waiting = createDeferred<void>();
  waiting.promise.catch(() => undefined);
  return waiting;
}
