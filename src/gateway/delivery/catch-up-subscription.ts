/**
 * A catch-up subscription to one stream for the clients of this process: it replays the missed events, then delivers
 * live ones. It consists of a sequencer with its subscription, its reads and its timers.
 *
 * Opening subscribes, waits until the broker has registered the subscription, and only then asks for the head of the
 * stream, so that no event is lost between the two. While the broker is away, the subscription opens with the events of
 * this process alone, and compares its cursor with the log after the registration. A gap may close by itself for a
 * short time. Then the missing events are read from the log (`readGap`), with growing pauses while the log cannot be
 * reached. A lost last event leaves no gap: the owner calls `checkHead` after a reconnection and from time to time.
 *
 * `arrive` replays events to a client, from the last version that it has to the cursor. It calls `join` in the tick in
 * which the client has every event up to the cursor.
 */
import type { Subscription } from '../../broker/port.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { createJoinReplay, type JoinReplay } from './join-replay.ts';
import { createSequencer } from './sequencer.ts';
import type { SubscriptionObserver } from './subscription-observer.ts';

export interface LogRead<E> {
  readonly events: readonly E[];
  /** The version up to which the events are complete. */
  readonly through: number;
}

export interface SubscriptionSource<E> {
  versionOf(event: E): number;
  /** Call `seen` with a version that exists and whose event is not at hand. */
  subscribe(event: (event: E) => void, seen: (version: number) => void): Subscription;
  /** Prepares the state that `deliver` needs. Resolves with the version after which delivery starts. */
  open(): Promise<number>;
  head(): Promise<number>;
  read(after: number, limit: number): Promise<LogRead<E>>;
  /** Must send to the members before it returns. */
  deliver(event: E): void;
}

export interface SubscriptionOptions {
  /** As in `SequencerOptions`. */
  readonly ringSize: number;
  /** As in `SequencerOptions`. */
  readonly waitingLimit: number;
  /** The number of events in one read of the log, at most. */
  readonly readLimit: number;
  /** Milliseconds that a gap may close by itself before the log is read. */
  readonly gapDelay: number;
  /** Milliseconds; the longest pause between attempts to read the log. */
  readonly maxPause: number;
  /** Milliseconds after which the stream opens although the broker has not registered the subscription. */
  readonly registrationTimeout: number;
  /** Attempts in a row without progress before a joining client is refused. */
  readonly attempts: number;
  /** Resolves after `ms`, early when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  onError(error: unknown): void;
  readonly observer?: SubscriptionObserver;
}

/** The client joined; it missed more than the replay limit; or the version that it gave does not exist. */
export type ArrivalResult = 'joined' | 'too_old' | 'unknown_version';

/** The result of one step of `repeat`. */
type Progress = 'some' | 'none' | 'done' | 'impossible';

export interface CatchUpSubscription<E> {
  /** Rejects when the stream cannot be opened. The subscription is then useless. */
  readonly opened: Promise<void>;
  /** The last version delivered, 0 before it is open. */
  readonly cursor: number;
  /** The number of deliveries. A stream whose number did not change was idle. */
  readonly delivered: number;
  /** The stream has at least this version. Reads missing events at once. */
  checkHead(version: number): void;
  /** Resolves when the events are delivered that the log held at the call. Rejects with `unavailable`. */
  catchUp(signal: AbortSignal): Promise<void>;
  /**
   * `from` is the last version that the client has, or 'now' to replay nothing. `join` gets the missed events and the
   * cursor. It must add the client to the members before it returns. Rejects with `unavailable`.
   */
  arrive(
    from: number | 'now',
    replayLimit: number,
    signal: AbortSignal,
    join: (events: readonly E[], cursor: number) => void,
  ): Promise<ArrivalResult>;
  close(): void;
}

export function createCatchUpSubscription<E>(
  source: SubscriptionSource<E>,
  options: SubscriptionOptions,
): CatchUpSubscription<E> {
  const { sleep, onError, observer } = options;
  const closing = new AbortController();
  const waiters = new Set<() => void>();
  let readingGap = false;
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
      progressed(options.gapDelay);
    },
    (version) => {
      sequencer.seen(version);
      progressed(options.gapDelay);
    },
  );
  const opened = open();
  // `arrive` and `catchUp` report the failure to their callers.
  opened.catch(() => undefined);

  async function open(): Promise<void> {
    const registered = subscription.ready.then(() => true);
    if (!(await Promise.race([registered, sleep(options.registrationTimeout, closing.signal).then(() => false)]))) {
      registered.then(compareHead).catch(onError);
    }
    sequencer.open(await source.open());
    // The source may have opened from a copy that lags behind the log.
    await compareHead();
  }

  async function compareHead(): Promise<void> {
    sequencer.seen(await source.head());
    progressed(0);
  }

  /** Call it when the cursor, or the known head, may have moved. If events are missing, reads the log after `pause`. */
  function progressed(pause: number): void {
    for (const wake of waiters) wake();
    waiters.clear();
    if (sequencer.behind && !readingGap && !closing.signal.aborted) void readGap(pause);
  }

  async function readGap(firstPause: number): Promise<void> {
    readingGap = true;
    let pause = firstPause;
    while (sequencer.behind && !closing.signal.aborted) {
      if (pause > 0) await sleep(pause, closing.signal);
      const after = sequencer.cursor;
      if (after === undefined || !sequencer.behind || closing.signal.aborted) break;
      try {
        const { events, through } = await source.read(after, options.readLimit);
        if (closing.signal.aborted) break;
        sequencer.gapRead(events, through);
      } catch (error) {
        onError(error);
      }
      pause = cursor() > after ? 0 : nextPause(pause);
      progressed(pause);
    }
    readingGap = false;
  }

  function cursor(): number {
    return sequencer.cursor ?? 0;
  }

  function nextPause(pause: number): number {
    return Math.min(options.maxPause, Math.max(options.gapDelay, pause * 2));
  }

  /** Runs steps until one is done. Rejects after `attempts` steps in a row without progress. */
  async function repeat(signal: AbortSignal, step: () => Promise<Progress>): Promise<Progress> {
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

  async function catchUp(leaving: AbortSignal): Promise<void> {
    await opened;
    const signal = AbortSignal.any([leaving, closing.signal]);
    let head: number | undefined;
    await repeat(signal, async () => {
      head ??= await source.head();
      return cursor() >= head ? 'done' : advanceTo(head, head, signal);
    });
  }

  async function arrive(
    from: number | 'now',
    replayLimit: number,
    leaving: AbortSignal,
    join: (events: readonly E[], cursor: number) => void,
  ): Promise<ArrivalResult> {
    await opened;
    const signal = AbortSignal.any([leaving, closing.signal]);
    const start = from === 'now' ? cursor() : from;
    const replay = createJoinReplay(sequencer, source.versionOf, start, replayLimit);
    const entry: { arrival: ArrivalResult; failure?: { readonly cause: unknown } } = { arrival: 'joined' };
    const progress = await repeat(signal, async () => {
      const step = replay.next();
      switch (step.do) {
        case 'join':
          try {
            join(step.events, cursor());
            observer?.joined(step.events.length);
          } catch (error) {
            // `join` may have sent something, so it is not called again.
            entry.failure = { cause: error };
          }
          return 'done';
        case 'resync':
          entry.arrival = 'too_old';
          return 'done';
        case 'read':
          return readMore(step.after, replay);
        case 'wait':
          // The client may have a version that this process has not seen. It counts if the log has it.
          return advanceTo(step.version, step.version === start ? await source.head() : step.version, signal);
      }
    });
    if (entry.failure !== undefined) throw entry.failure.cause;
    const arrival = progress === 'impossible' ? 'unknown_version' : entry.arrival;
    if (arrival !== 'joined') observer?.resynced(arrival);
    return arrival;
  }

  async function readMore(after: number, replay: JoinReplay<E>): Promise<Progress> {
    const { events, through } = await source.read(after, options.readLimit);
    return replay.pageRead(events, through) ? 'some' : 'none';
  }

  /** Moves the cursor towards `version`. Impossible when `head`, the head of the stream, is below it. */
  async function advanceTo(version: number, head: number, signal: AbortSignal): Promise<Progress> {
    const before = cursor();
    if (before >= version) return 'some';
    if (head < version) return 'impossible';
    if (signal.aborted) return 'none';
    sequencer.seen(head);
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (!readingGap) void readGap(0);
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
      progressed(0);
    },
    catchUp,
    arrive,
    close() {
      closing.abort();
      subscription.close();
    },
  };
}
