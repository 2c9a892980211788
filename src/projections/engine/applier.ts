/**
 * Applies events to the tables of a projection, live or in a rebuild, and parks the events that cannot be handled.
 *
 * A batch that fails is halved until the failing event is alone. That event is tried again after growing pauses, and
 * then parked with its error. Later events of its stream are parked behind it in order, without being tried; events of
 * other streams are applied as usual. When the earliest parked event of a stream becomes ready, the parked events of
 * the stream are replayed in order, in portions, so that other streams do not wait for long.
 *
 * After every failure a handler with empty memory replaces the current one, because the current one may have changed
 * its memory for a batch that was never committed.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import { sleep } from '../../support/sleep.ts';
import { type Batch, commitBatch, type Target } from './checkpoints.ts';
import { attribute, fold, HandlerError } from './handler-error.ts';
import { markStillParked, parkedEvent, readParkedHeads } from './parked.ts';
import type { ProjectionContext, Query, Writes } from './projection.ts';

export interface ApplierOptions {
  readonly target: Target;
  /** The checkpoint of the tables. */
  readonly position: number;
  readonly query: Query;
  readonly readStream: EventReader['readStream'];
  readonly signal: AbortSignal;
  readonly publishInbox?: ProjectionContext['publishInbox'];
  /** Milliseconds before each new try of an event that cannot be handled. */
  readonly pauses: readonly number[];
  /** Called before each pause. */
  onFailing?(error: HandlerError, attempts: number): void;
  onParked(event: RecordedEvent, error: HandlerError, attempts: number): void;
  onUnannounced?(error: unknown): void;
}

export interface Applier {
  /** The position of the last event that is handled. */
  readonly position: number;
  /** Whether the checkpoint in the database is behind `position`, because the events between needed no write. */
  readonly unsaved: boolean;
  /** The number of streams with parked events. */
  readonly parkedStreams: number;
  /** The checkpoint's `attention` at the last commit. */
  readonly attention: number;
  /**
   * Applies consecutive events that follow `position`. Rejects with StoppedError, with DeposedError, or with the
   * database's error.
   */
  apply(events: readonly RecordedEvent[]): Promise<void>;
  /** Moves the checkpoint to `position`. Rejects with DeposedError when another runner moved it. */
  save(): Promise<void>;
  /** Reads the parked events again, because an operator may have changed them. */
  refresh(): Promise<void>;
  /** Replays a portion of a stream that is ready. Resolves false when no stream is ready. */
  replay(): Promise<boolean>;
}

/** `signal` was aborted between two tries. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** Events of a stream in one portion. */
const REPLAYED_AT_ONCE = 200;
/** Once this many events were parked within a minute, pauses do not help: later events are tried again at once. */
const MANY_PARKED = 5;

export async function createApplier(options: ApplierOptions): Promise<Applier> {
  const { target, query, readStream, signal } = options;
  const start = () => {
    const { publishInbox } = options;
    return target.projection.start({ schema: target.schema, ...(publishInbox && { publishInbox }) });
  };
  let handler = start();
  let saved = options.position;
  let position = saved;
  /** The ids of the events from `saved` to `position`. */
  let unsaved: readonly string[] = [];
  let attention = 0;
  let parked = await readParkedHeads(query, target);
  let parkedAt: number[] = [];

  /** Commits the writes of `events` and moves the checkpoint past them. Without events it only saves `position`. */
  const commit = async (
    events: readonly RecordedEvent[],
    writes: Writes | undefined,
    parking: Omit<Batch, 'payload'> = {},
  ) => {
    const batch = { payload: writes?.payload, ...parking };
    const to = events.at(-1)?.position ?? position;
    // A build reads the log alone, so its events need no check against the log.
    const ids = target.serving ? [...unsaved, ...events.map(({ id }) => id)] : undefined;
    const committed = await commitBatch(query, target, { from: saved, to, ids }, batch);
    saved = to;
    position = to;
    unsaved = [];
    attention = committed.attention;
    if (committed.current) announce(writes, committed.result);
  };

  /** A failed announcement must not undo the commit, so its error is only reported. */
  const announce = (writes: Writes | undefined, result: unknown) => {
    try {
      writes?.committed?.(result);
    } catch (error) {
      options.onUnannounced?.(error);
    }
  };

  /** Folds events and passes their writes to `commitWith`. Either the whole batch is committed or nothing is. */
  const handle = async (
    events: readonly RecordedEvent[],
    commitWith: (writes: Writes | undefined) => Promise<void>,
  ): Promise<void> => {
    if (events.length === 0) return commitWith(undefined);
    try {
      await handler.prefetch?.(events, query);
      await commitWith(fold(handler, events));
    } catch (error) {
      const attributed = attribute(error, events);
      if (attributed instanceof HandlerError) handler = start();
      throw attributed;
    }
  };

  const advance = async (events: readonly RecordedEvent[]) => {
    const newest = events.at(-1);
    if (newest === undefined) return;
    const behind = events.filter((event) => parked.has(event.stream)).map((event) => parkedEvent(event, null, 0));
    const going = behind.length === 0 ? events : events.filter((event) => !parked.has(event.stream));
    await handle(going, async (writes) => {
      if (behind.length > 0) await commit(events, writes, { park: behind });
      else if (writes !== undefined) await commit(events, writes);
      else {
        position = newest.position;
        unsaved = [...unsaved, ...events.map(({ id }) => id)];
      }
    });
  };

  const apply = async (events: readonly RecordedEvent[]): Promise<void> => {
    try {
      await advance(events);
    } catch (error) {
      if (!(error instanceof HandlerError)) throw error;
      const [first] = events;
      if (events.length === 1 && first !== undefined) return tryAgainOrPark(first, error);
      const middle = Math.ceil(events.length / 2);
      await apply(events.slice(0, middle));
      await apply(events.slice(middle));
    }
  };

  const tryAgainOrPark = async (event: RecordedEvent, first: HandlerError) => {
    let error = first;
    for (const [index, pause] of pausesNow().entries()) {
      options.onFailing?.(error, index + 1);
      await sleep(pause, signal);
      if (signal.aborted) throw new StoppedError('stopped while an event could not be handled', { cause: error });
      try {
        return await advance([event]);
      } catch (again) {
        if (!(again instanceof HandlerError)) throw again;
        error = again;
      }
    }
    const attempts = pausesNow().length + 1;
    await commit([event], undefined, { park: [parkedEvent(event, error.reason, attempts)] });
    parked.set(event.stream, { version: event.version, ready: false });
    parkedAt.push(Date.now());
    options.onParked(event, error, attempts);
  };

  const pausesNow = () => {
    parkedAt = parkedAt.filter((time) => time > Date.now() - 60_000);
    return parkedAt.length < MANY_PARKED ? options.pauses : [0];
  };

  /** Returns the first event that cannot be handled. */
  const replayInOrder = async (events: readonly RecordedEvent[]): Promise<RecordedEvent | undefined> => {
    const newest = events.at(-1);
    if (newest === undefined) return undefined;
    try {
      const unpark = { stream: newest.stream, version: newest.version };
      await handle(events, (writes) => commit([], writes, { unpark }));
      return undefined;
    } catch (error) {
      if (!(error instanceof HandlerError)) throw error;
      if (events.length === 1) {
        await markStillParked(query, target, newest, error.reason);
        options.onParked(newest, error, 1);
        return newest;
      }
      const middle = Math.ceil(events.length / 2);
      return (await replayInOrder(events.slice(0, middle))) ?? (await replayInOrder(events.slice(middle)));
    }
  };

  return {
    get position() {
      return position;
    },
    get unsaved() {
      return saved < position;
    },
    get parkedStreams() {
      return parked.size;
    },
    get attention() {
      return attention;
    },
    apply,
    save: () => commit([], undefined),
    async refresh() {
      parked = await readParkedHeads(query, target);
    },
    async replay() {
      const ready = parked.entries().find(([, head]) => head.ready);
      if (ready === undefined) return false;
      const [stream, { version }] = ready;
      const range = { stream: stream as RecordedEvent['stream'], after: version - 1, limit: REPLAYED_AT_ONCE };
      const events = (await readStream(range)).filter((event) => event.position <= position);
      const stuck = await replayInOrder(events);
      const newest = events.at(-1);
      if (stuck !== undefined) parked.set(stream, { version: stuck.version, ready: false });
      else if (newest === undefined || events.length < REPLAYED_AT_ONCE) parked.delete(stream);
      else parked.set(stream, { version: newest.version + 1, ready: true });
      return true;
    },
  };
}
