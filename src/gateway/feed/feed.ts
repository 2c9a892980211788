/**
 * One stream, live, for the sockets of this process: a sequencer with its subscription, its reads and its timers.
 *
 * Opening subscribes, waits until the interest is registered, and only then asks where the stream stands, so nothing
 * falls between the two. A gap waits briefly for a late event, then is read from the log, again and again with growing
 * pauses while the log cannot be reached. A lost last event shows no gap: whoever owns the feed calls `checkHead` after
 * a reconnection and from time to time.
 *
 * `arrive` brings a socket from the version it saw last to the cursor and calls `join` in the tick in which the two are
 * equal.
 */
import type { Subscription } from '../../broker/port.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { type CatchUp, catchUp } from './catch-up.ts';
import { createSequencer } from './sequencer.ts';

export interface Filling<E> {
  readonly events: readonly E[];
  /** Nothing is missing up to here. */
  readonly through: number;
}

export interface FeedSource<E> {
  versionOf(event: E): number;
  /** `seen` tells of versions that exist without bringing them. */
  subscribe(event: (event: E) => void, seen: (version: number) => void): Subscription;
  /** Prepares whatever `deliver` needs and resolves with the version from which delivery goes on. */
  open(): Promise<number>;
  head(): Promise<number>;
  read(after: number, limit: number): Promise<Filling<E>>;
  /** Sends to the room, at once. */
  deliver(event: E): void;
}

export interface FeedOptions {
  readonly ringSize: number;
  readonly waitingLimit: number;
  /** Events read from the log at a time. */
  readonly readLimit: number;
  /** Milliseconds that a gap may close by itself. */
  readonly gapDelay: number;
  /** Milliseconds; the longest pause between attempts to read the log. */
  readonly maxPause: number;
  /** Attempts to read the log for one joining socket before it is refused. */
  readonly attempts: number;
  /** Resolves after `ms`, early when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  onError(error: unknown): void;
}

/** Joined; more was missed than is replayed; or the version that the socket claims to have seen does not exist. */
export type Arrival = 'joined' | 'too_old' | 'unknown_version';

type Progress = 'some' | 'none' | 'impossible';

export interface Feed<E> {
  /** Rejects when the stream cannot be opened; the feed is then of no use. */
  readonly opened: Promise<void>;
  /** The last version delivered, 0 before it is open. */
  readonly cursor: number;
  /** Counts deliveries: unchanged since the last look means idle. */
  readonly delivered: number;
  /** The stream has at least this version; what is missing is read now. */
  checkHead(version: number): void;
  /** `from` is the last version seen, or 'now' to replay nothing. Rejects with `unavailable`. */
  arrive(
    from: number | 'now',
    replayLimit: number,
    signal: AbortSignal,
    join: (events: readonly E[], cursor: number) => void,
  ): Promise<Arrival>;
  close(): void;
}

export function createFeed<E>(source: FeedSource<E>, options: FeedOptions): Feed<E> {
  const { sleep, onError } = options;
  const closing = new AbortController();
  const waiters = new Set<() => void>();
  let refilling = false;
  let delivered = 0;

  const sequencer = createSequencer<E>({
    versionOf: source.versionOf,
    ringSize: options.ringSize,
    waitingLimit: options.waitingLimit,
    deliver(event) {
      delivered += 1;
      try {
        source.deliver(event);
      } catch (error) {
        onError(error);
      }
    },
  });

  const subscription = source.subscribe(
    (event) => {
      if (closing.signal.aborted) return;
      sequencer.live(event);
      moved(options.gapDelay);
    },
    (version) => {
      sequencer.seen(version);
      moved(options.gapDelay);
    },
  );
  const opened = open();
  // Whoever arrives learns of a failure; without arrivals nobody needs to.
  opened.catch(() => undefined);

  async function open(): Promise<void> {
    await subscription.ready;
    sequencer.open(await source.open());
    // `open` may have read a copy that lags behind the log.
    sequencer.seen(await source.head());
    moved(0);
  }

  /** After anything that may have moved the cursor, or shown that it must move: after `pause`, by reading the log. */
  function moved(pause: number): void {
    for (const wake of waiters) wake();
    waiters.clear();
    if (sequencer.behind && !refilling && !closing.signal.aborted) void refill(pause);
  }

  async function refill(firstPause: number): Promise<void> {
    refilling = true;
    let pause = firstPause;
    while (sequencer.behind && !closing.signal.aborted) {
      if (pause > 0) await sleep(pause, closing.signal);
      const after = sequencer.cursor;
      if (after === undefined || !sequencer.behind || closing.signal.aborted) break;
      try {
        const { events, through } = await source.read(after, options.readLimit);
        if (closing.signal.aborted) break;
        sequencer.filled(events, through);
      } catch (error) {
        onError(error);
      }
      pause = cursor() > after ? 0 : nextPause(pause);
      moved(pause);
    }
    refilling = false;
  }

  function cursor(): number {
    return sequencer.cursor ?? 0;
  }

  function nextPause(pause: number): number {
    return Math.min(options.maxPause, Math.max(options.gapDelay, pause * 2));
  }

  async function arrive(
    from: number | 'now',
    replayLimit: number,
    leaving: AbortSignal,
    join: (events: readonly E[], cursor: number) => void,
  ): Promise<Arrival> {
    await opened;
    const signal = AbortSignal.any([leaving, closing.signal]);
    const start = from === 'now' ? cursor() : from;
    const way = catchUp(sequencer, source.versionOf, start, replayLimit);
    let pause = 0;
    for (let failures = 0; failures < options.attempts && !signal.aborted; ) {
      const step = way.next();
      if (step.do === 'join') {
        join(step.events, cursor());
        return 'joined';
      }
      if (step.do === 'resync') return 'too_old';
      let progress: Progress = 'none';
      try {
        progress = await (step.do === 'read'
          ? readOn(step.after, way)
          : reach(step.version, step.version === start, signal));
      } catch (error) {
        onError(error);
      }
      if (progress === 'impossible') return 'unknown_version';
      pause = progress === 'some' ? 0 : nextPause(pause);
      if (progress === 'some') continue;
      failures += 1;
      await sleep(pause, signal);
    }
    throw new DeskwireError('unavailable', 'The missed events cannot be read now', { retryAfter: 1 });
  }

  async function readOn(after: number, way: CatchUp<E>): Promise<Progress> {
    const { events, through } = await source.read(after, options.readLimit);
    return way.filled(events, through) ? 'some' : 'none';
  }

  /** Brings the cursor to `version`. One that a client claims is believed once the log shows it. */
  async function reach(version: number, claimed: boolean, signal: AbortSignal): Promise<Progress> {
    const head = claimed ? await source.head() : version;
    const before = cursor();
    if (before >= version) return 'some';
    if (head < version) return 'impossible';
    sequencer.seen(head);
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return 'none';
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (!refilling) void refill(0);
    waiters.add(resolve);
    await promise;
    return cursor() > before ? 'some' : 'none';
  }

  return {
    opened,
    get cursor() {
      return cursor();
    },
    get delivered() {
      return delivered;
    },
    checkHead(version) {
      sequencer.seen(version);
      moved(0);
    },
    arrive,
    close() {
      closing.abort();
      subscription.close();
    },
  };
}
