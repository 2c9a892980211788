/**
 * The feed of the log for the projections of one process. Each event is decoded once; each projection takes consecutive
 * batches from the feed at its own pace.
 *
 * The feed has three sources, cheapest first:
 *   memory     commits of this process that directly follow the feed's end;
 *   JetStream  commits of other processes. Following JetStream decodes the commits of this process a second time. So
 *              the feed stops following after a run of known events, and follows again when it misses an event;
 *   Postgres   missing events. The feed catches up (`catchUp`) after a gap and after a follower ended; a reader that is
 *              behind the window reads for itself (`readBehind`).
 * A timer compares the log's head with the feed's, because no gap shows that the last event was lost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, LogFollower } from '../../broker/port.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { Appender, EventReader } from '../../eventlog/event-log.ts';
import { type Added, consecutive, createLogWindow } from './window.ts';

export interface LogFeed {
  /** The newest position that the feed knows. */
  readonly head: number;
  /**
   * Reads up to `limit` events after `position`; none when there are none. Rejects when Postgres is needed and fails.
   */
  read(position: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Resolves when there is an event after `position`, when `ms` have passed, or when `signal` is aborted. */
  beyond(position: number, ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `listener` when the log's history was replaced (a new epoch): events that were read before are void. */
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
  /** Events that are kept in memory for readers that are behind. */
  readonly capacity?: number;
  /** Milliseconds between two checks of the log's head. */
  readonly checkEvery?: number;
}

/** Events per read from Postgres when the feed catches up. */
const CATCH_UP_BATCH = 1_000;
/** Known events in a row after which the feed stops following JetStream. */
const REDUNDANT = 1_000;
/** Milliseconds that pass at most between a commit of this process and its announcement in memory. */
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
  let catchingUp = false;
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

  const catchUp = async () => {
    if (catchingUp || closed) return;
    catchingUp = true;
    try {
      for (;;) {
        const events = await readFromPostgres(reader, window.end, CATCH_UP_BATCH);
        take(events);
        if (closed || events.length < CATCH_UP_BATCH) break;
      }
    } catch (error) {
      failed(error);
    } finally {
      catchingUp = false;
    }
  };

  const follow = () => {
    if (follower !== undefined || !followWanted || closed || !broker.connected) return;
    redundant = 0;
    const opened = broker.followLog(window.end, (events) => {
      if (follower !== opened) return;
      const added = take(events);
      if (added === 'gap') void catchUp();
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

  const followOtherProcesses = () => {
    followWanted = true;
    if (follower === undefined) void catchUp().then(follow);
  };

  const unsubscribe = appender.onCommitted((events) => {
    if (take(events) === 'gap') followOtherProcesses();
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
          await catchUp();
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
