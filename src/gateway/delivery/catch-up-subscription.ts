/**
 * One stream, live, for the sockets of this process: a sequencer with its subscription, its reads and its timers.
 *
 * Opening subscribes, waits until the interest is registered, and only then asks where the stream stands, so nothing
 * falls between the two. While the broker is away it opens all the same, on what this process does itself, and compares
 * with the log once the interest is registered. A gap waits briefly for a late event, then is read from the log, again and again with growing
 * pauses while the log cannot be reached. A lost last event shows no gap: whoever owns the feed calls `checkHead` after
 * a reconnection and from time to time.
 *
 * `arrive` brings a socket from the version it saw last to the cursor and calls `join` in the tick in which the two are
 * equal.
 */
import type { Subscription } from '../../broker/port.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { type CatchUp, catchUp } from './join-replay.ts';
import type { FeedObserver } from './observer.ts';
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
  /** Milliseconds after which a feed opens although its interest is not registered yet. */
  readonly registrationPatience: number;
  /** Attempts to read the log for one joining socket before it is refused. */
  readonly attempts: number;
  /** Resolves after `ms`, early when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  onError(error: unknown): void;
  readonly observer?: FeedObserver;
}

/** Joined; more was missed than is replayed; or the version that the socket claims to have seen does not exist. */
export type Arrival = 'joined' | 'too_old' | 'unknown_version';

type Progress = 'some' | 'none' | 'done' | 'impossible';

export interface Feed<E> {
  /** Rejects when the stream cannot be opened; the feed is then of no use. */
  readonly opened: Promise<void>;
  /** The last version delivered, 0 before it is open. */
  readonly cursor: number;
  /** Counts deliveries: unchanged since the last look means idle. */
  readonly delivered: number;
  /** The stream has at least this version; what is missing is read now. */
  checkHead(version: number): void;
  /** Resolves once everything is delivered that the log held when this was called. Rejects with `unavailable`. */
  current(signal: AbortSignal): Promise<void>;
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
  const { sleep, onError, observer } = options;
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
      const startedAt = observer?.delivered ? performance.now() : 0;
      try {
        source.deliver(event);
      } catch (error) {
        onError(error);
      }
      observer?.delivered?.(event, startedAt);
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
    const registered = subscription.ready.then(() => true);
    if (!(await Promise.race([registered, sleep(options.registrationPatience, closing.signal).then(() => false)]))) {
      registered.then(compareHead).catch(onError);
    }
    sequencer.open(await source.open());
    // `open` may have read a copy that lags behind the log.
    await compareHead();
  }

  async function compareHead(): Promise<void> {
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

  /** Takes steps until one says that it is done; gives up after several in a row that led nowhere. */
  async function persist(signal: AbortSignal, step: () => Promise<Progress>): Promise<Progress> {
    let pause = 0;
    for (let failures = 0; failures < options.attempts && !signal.aborted; ) {
      let progress: Progress = 'none';
      try {
        progress = await step();
      } catch (error) {
        if (error instanceof DeskwireError) throw error;
        onError(error);
      }
      if (progress === 'done' || progress === 'impossible') return progress;
      failures = progress === 'some' ? 0 : failures + 1;
      pause = progress === 'some' ? 0 : nextPause(pause);
      if (pause > 0) await sleep(pause, signal);
    }
    throw new DeskwireError('unavailable', 'What happened meanwhile cannot be read now', { retryAfter: 1 });
  }

  async function current(leaving: AbortSignal): Promise<void> {
    await opened;
    const signal = AbortSignal.any([leaving, closing.signal]);
    let head: number | undefined;
    await persist(signal, async () => {
      head ??= await source.head();
      return cursor() >= head ? 'done' : reach(head, head, signal);
    });
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
    const entry: { arrival: Arrival; failure?: { readonly cause: unknown } } = { arrival: 'joined' };
    const progress = await persist(signal, async () => {
      const step = way.next();
      switch (step.do) {
        case 'join':
          try {
            join(step.events, cursor());
            observer?.joined(step.events.length);
          } catch (error) {
            // It may have sent something: it is not tried again.
            entry.failure = { cause: error };
          }
          return 'done';
        case 'resync':
          entry.arrival = 'too_old';
          return 'done';
        case 'read':
          return readOn(step.after, way);
        case 'wait':
          // A version that only the client speaks of is believed once the log shows it.
          return reach(step.version, step.version === start ? await source.head() : step.version, signal);
      }
    });
    if (entry.failure !== undefined) throw entry.failure.cause;
    const arrival = progress === 'impossible' ? 'unknown_version' : entry.arrival;
    if (arrival !== 'joined') observer?.resynced(arrival);
    return arrival;
  }

  async function readOn(after: number, way: CatchUp<E>): Promise<Progress> {
    const { events, through } = await source.read(after, options.readLimit);
    return way.filled(events, through) ? 'some' : 'none';
  }

  /** Brings the cursor nearer to `version`, when the stream, which stands at `head`, has it at all. */
  async function reach(version: number, head: number, signal: AbortSignal): Promise<Progress> {
    const before = cursor();
    if (before >= version) return 'some';
    if (head < version) return 'impossible';
    if (signal.aborted) return 'none';
    sequencer.seen(head);
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (!refilling) void refill(0);
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
    current,
    arrive,
    close() {
      closing.abort();
      subscription.close();
    },
  };
}
