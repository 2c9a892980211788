/**
 * Follows one stream: keeps the cursor (version and epoch), loads afresh when there is none or the server says so, and
 * subscribes again after every end of the connection. Whoever applies what it is given, in the order given, has exactly
 * what a fresh load would give. Source: docs/protocol.md section 7.
 *
 *     loading ──▶ live ⇄ stale (no connection: what is there may be old)
 *        │         │
 *        └──▶ gone ◀┘  (this user may not see it, or it is no more; asked again with the next connection)
 */
import type { Backoff } from './backoff.ts';
import { asError, closedError, type DeskwireError, isPassing } from './errors.ts';
import type { Link, Reply } from './link.ts';
import type { Surroundings } from './surroundings.ts';
import type { StreamEvent } from './types.ts';

export type FollowStatus = 'loading' | 'live' | 'stale' | 'gone';

export interface Loaded {
  /** The smallest version that any part of it was read at. */
  readonly version: number;
  /** Undefined when nothing was loaded: there is only the stream. */
  readonly epoch: string | undefined;
  /** Makes it what is shown. */
  take(): void;
}

/** One stream, and what is made of it. */
export interface Source {
  readonly stream: string;
  /**
   * Rejects with `not_found` or `forbidden` when there is nothing to see. `cursor`: up to where it was known; `broken`: the
   * version that the server named when it said to load afresh.
   */
  load(cursor: Cursor | undefined, broken: number | undefined): Promise<Loaded>;
  apply(event: StreamEvent): void;
  /** There is nothing to see any more. */
  clear(): void;
  statusChanged(status: FollowStatus, error: DeskwireError | undefined): void;
  /** Subscribed, and up to here. */
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

interface Parts {
  readonly link: Link;
  readonly source: Source;
  readonly backoff: Backoff;
  readonly surroundings: Pick<Surroundings, 'after'>;
}

export function createFollower({ link, source, backoff, surroundings }: Parts): Follower {
  const { stream } = source;
  const self = {};
  let status: FollowStatus = 'loading';
  let cursor: Cursor | undefined;
  /** What is shown must be loaded again, whatever the cursor is. */
  let stale = true;
  let broken: number | undefined;
  /** From its ack until something makes it void: only then are events for us. */
  let subscribed = false;
  /** Counts attempts: of those under way, only the last counts. */
  let attempt = 0;
  let callOff: (() => void) | undefined;
  let waiting: PromiseWithResolvers<void> | undefined;
  let error: DeskwireError | undefined;
  let closed = false;

  function become(next: FollowStatus, why?: DeskwireError): void {
    error = why;
    link.catchingUp(self, link.up && (next === 'loading' || next === 'stale'));
    if (next === 'live') waiting?.resolve();
    if (next === 'gone') waiting?.reject(why);
    waiting = next === 'live' || next === 'gone' ? undefined : (waiting ?? settled());
    if (next === status && why === undefined) return;
    status = next;
    source.statusChanged(next, why);
  }

  function begin(): void {
    const mine = ++attempt;
    callOff?.();
    subscribed = false;
    if (closed || !link.up) return;
    become(status === 'gone' ? 'loading' : status === 'live' ? 'stale' : status);
    if (stale) void load(mine);
    else subscribe(mine);
  }

  /** Never rejects. */
  async function load(mine: number): Promise<void> {
    try {
      const loaded = await source.load(cursor, broken);
      if (mine !== attempt) return;
      loaded.take();
      cursor = { version: loaded.version, epoch: loaded.epoch };
      stale = false;
      broken = undefined;
      subscribe(mine);
    } catch (failure) {
      if (mine === attempt) failed(asError(failure));
    }
  }

  function subscribe(mine: number): void {
    const after = cursor && { after: cursor.version };
    const epoch = cursor?.epoch !== undefined && { epoch: cursor.epoch };
    link.ask('subscribe', { stream, ...after, ...epoch }, (reply) => {
      if (mine === attempt) answered(reply);
    });
  }

  function answered(reply: Reply): void {
    if (!reply.ok) {
      // The connection is down: the next one asks again.
      if (link.up) failed(reply.error);
      return;
    }
    const { answer } = reply;
    // A `resync` follows, and says to load.
    if (!answer.recovered) return;
    for (const event of answer.events) take(event);
    cursor = { version: answer.version, epoch: answer.epoch };
    subscribed = true;
    backoff.reset();
    become('live');
    source.subscribed?.(answer.version);
  }

  function failed(why: DeskwireError): void {
    if (isPassing(why) || why.code === 'no_token' || why.code === 'unauthorized' || why.code === 'token_expired') {
      become(status === 'live' ? 'stale' : status, why);
      callOff = surroundings.after(backoff.next((why.retryAfter ?? 0) * 1_000), begin);
      return;
    }
    cursor = undefined;
    stale = true;
    source.clear();
    become('gone', why);
  }

  /** Twice the same changes nothing; those that only say what is so have the version of what they say it of. */
  function take(event: StreamEvent): void {
    if (cursor !== undefined && event.version <= cursor.version && event.id !== null) return;
    source.apply(event);
    if (cursor !== undefined) cursor = { ...cursor, version: Math.max(cursor.version, event.version) };
  }

  const ignore = [
    link.on('up', begin),
    link.on('down', () => {
      attempt += 1;
      callOff?.();
      subscribed = false;
      link.catchingUp(self, false);
      if (status === 'live') become('stale');
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
  waiting = settled();
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
      waiting ??= settled();
      return waiting.promise;
    },
    reload() {
      stale = true;
      begin();
    },
    close() {
      closed = true;
      attempt += 1;
      callOff?.();
      for (const one of ignore) one();
      link.catchingUp(self, false);
      waiting?.reject(closedError());
      link.tell('unsubscribe', { stream });
    },
  };
}

/** Nobody has to wait for it. */
function settled(): PromiseWithResolvers<void> {
  const waiting = Promise.withResolvers<void>();
  waiting.promise.catch(() => undefined);
  return waiting;
}
