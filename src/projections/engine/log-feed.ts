/**
 * The log as one process reads it on: one feed, decoded once, from which every projection takes consecutive batches at
 * its own pace.
 *
 * Three sources, cheapest first:
 *   memory     what this process commits, as long as it is contiguous with where the feed stands;
 *   JetStream  what others commit. Following it decodes every event a second time, so it is let go when it has brought
 *              nothing but known events for a while, and taken up at the first sign of somebody else's event;
 *   Postgres   whatever is missing: a gap, a follower that ended, a reader further behind than memory reaches.
 * A timer compares the log's head with the feed's, because a lost last event shows no gap.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, LogFollower } from '../../broker/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { Appender, EventReader } from '../../eventlog/event-log.ts';
import { type Added, consecutive, createLogWindow } from './window.ts';

export interface LogFeed {
  /** The newest position known of. */
  readonly head: number;
  /** Up to `limit` events after `position`; none when there is nothing newer. Rejects when Postgres is needed and fails. */
  read(position: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Resolves when there is something after `position`, or `ms` have passed, or `signal` is aborted. */
  beyond(position: number, ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `listener` when the log's history was replaced (a new epoch): what was read before is void. */
  onReplaced(listener: () => void): () => void;
  readonly following: boolean;
  /** Why the log cannot be read at the moment. */
  readonly failure: Error | undefined;
  close(): void;
}

export interface LogFeedOptions {
  readonly appender: Pick<Appender, 'onCommitted'>;
  readonly reader: Pick<EventReader, 'readLog' | 'head'>;
  readonly broker: Pick<Broker, 'followLog' | 'connected'>;
  readonly log: { warn(details: object, message: string): void };
  /** How many events to keep in memory for readers that are behind. */
  readonly capacity?: number;
  /** Milliseconds between two looks at the log's head. */
  readonly checkEvery?: number;
}

/** Events per read from Postgres when filling a gap. */
const FILL = 1_000;
/** Known events in a row after which following JetStream is a waste. */
const REDUNDANT = 1_000;
/** Milliseconds that a commit of this process may take from being visible to being announced in memory. */
const ANNOUNCEMENT = 50;

export function createLogFeed(options: LogFeedOptions): LogFeed {
  const { appender, reader, broker, log, capacity = 20_000, checkEvery = 500 } = options;
  const window = createLogWindow(capacity);
  const waiting = new Set<{ position: number; wake: () => void }>();
  const replacedListeners = new Set<() => void>();
  const reads = new Map<string, Promise<readonly RecordedEvent[]>>();
  let epoch: string | undefined;
  let follower: LogFollower | undefined;
  let followWanted = true;
  let redundant = 0;
  let filling = false;
  let checking = false;
  let failure: Error | undefined;
  let closed = false;

  const wakeReaders = () => {
    for (const waiter of waiting) if (waiter.position < window.end) waiter.wake();
  };

  const take = (events: readonly RecordedEvent[]): Added => {
    if (closed || epoch === undefined) return 'known';
    const added = window.add(events);
    if (added === 'advanced') wakeReaders();
    return added;
  };

  const failed = (error: unknown) => {
    if (closed) return;
    failure = error instanceof Error ? error : new Error(String(error));
    log.warn({ err: failure, position: window.end }, 'the event log cannot be read');
  };

  const readBehind = async (position: number, limit: number) => {
    const events = await readFromPostgres(reader, position, limit);
    if (events.length === 0) throw new Error(`the event log ends at ${position}, before ${window.end}`);
    return events;
  };

  const fill = async () => {
    if (filling || closed) return;
    filling = true;
    try {
      for (;;) {
        const events = await readFromPostgres(reader, window.end, FILL);
        take(events);
        if (closed || events.length < FILL) break;
      }
    } catch (error) {
      failed(error);
    } finally {
      filling = false;
    }
  };

  const follow = () => {
    if (follower !== undefined || !followWanted || closed || !broker.connected) return;
    redundant = 0;
    const opened = broker.followLog(window.end, (events) => {
      if (follower !== opened) return;
      const added = take(events);
      if (added === 'gap') void fill();
      redundant = added === 'known' ? redundant + events.length : 0;
      if (redundant < REDUNDANT) return;
      followWanted = false;
      opened.close();
    });
    follower = opened;
    void opened.done.then(() => {
      if (follower === opened) follower = undefined;
    });
  };

  const somebodyElseCommits = () => {
    followWanted = true;
    if (follower === undefined) void fill().then(follow);
  };

  const unsubscribe = appender.onCommitted((events) => {
    if (take(events) === 'gap') somebodyElseCommits();
  });

  const startOver = (head: { position: number; epoch: string }) => {
    const first = epoch === undefined;
    epoch = head.epoch;
    follower?.close();
    follower = undefined;
    window.reset(head.position);
    if (!first) for (const listener of replacedListeners) listener();
    wakeReaders();
    for (const waiter of waiting) waiter.wake();
  };

  const check = async () => {
    if (checking || closed) return;
    checking = true;
    try {
      const head = await reader.head();
      if (closed) return;
      failure = undefined;
      if (head.epoch !== epoch) startOver(head);
      if (head.position > window.end) {
        await sleep(ANNOUNCEMENT);
        if (head.position > window.end) {
          followWanted = true;
          await fill();
        }
      }
      follow();
    } catch (error) {
      failed(error);
    } finally {
      checking = false;
    }
  };

  const timer = setInterval(() => void check(), checkEvery);
  void check();

  return {
    get head() {
      return window.end;
    },
    get following() {
      return follower !== undefined;
    },
    get failure() {
      return failure;
    },
    async read(position, limit) {
      const inMemory = epoch === undefined ? [] : window.after(position, limit);
      if (inMemory !== undefined) return inMemory;
      const key = `${position}/${limit}`;
      const known = reads.get(key);
      if (known !== undefined) return known;
      const read = readBehind(position, limit).finally(() => reads.delete(key));
      reads.set(key, read);
      return read;
    },
    beyond(position, ms, signal) {
      return new Promise((resolve) => {
        if (closed || signal.aborted || position < window.end) return resolve();
        const wake = () => {
          clearTimeout(timeout);
          waiting.delete(waiter);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const waiter = { position, wake };
        const timeout = setTimeout(wake, ms);
        waiting.add(waiter);
        signal.addEventListener('abort', wake, { once: true });
      });
    },
    onReplaced(listener) {
      replacedListeners.add(listener);
      return () => replacedListeners.delete(listener);
    },
    close() {
      closed = true;
      clearInterval(timer);
      unsubscribe();
      follower?.close();
      for (const waiter of waiting) waiter.wake();
    },
  };
}

async function readFromPostgres(
  reader: Pick<EventReader, 'readLog'>,
  position: number,
  limit: number,
): Promise<readonly RecordedEvent[]> {
  const events = await reader.readLog(position, limit);
  const first = events[0]?.position;
  if ((first !== undefined && first !== position + 1) || !consecutive(events)) {
    throw new Error(`the event log has a gap after position ${position}`);
  }
  return events;
}
