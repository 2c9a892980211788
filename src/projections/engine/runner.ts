/**
 * Runs one projection: reads new events from the feed, applies them, and repeats.
 *
 * States of a runner:
 *   standby  another runner of the cluster holds the projection's lock; this one asks for it twice a second
 *   active   holds the lock and follows the log
 *   paused   holds the lock and applies no events, because an operator paused the projection
 *   failing  the database fails, or an event cannot be handled and is about to be parked; tries again after pauses
 *   closed   released its lock and its connection
 *
 * One connection holds the lock and writes the batches, so the runner is active only as long as that connection lives.
 * Every failure ends the activation: memory is dropped, and the next activation starts from the checkpoint. A rebuild
 * that swaps the tables ends it too; the next activation starts from the checkpoint of the new tables.
 *
 * Operators give their orders in the database. Each commit returns whether there are new ones. Without events to
 * commit, the runner saves its checkpoint every second, and at once after a call of `checkNow`; that commit returns it
 * as well.
 *
 * Under load batches start `batchInterval` apart, because a batch of one event costs nearly as much as a batch of
 * fifty. A caller that waits for a position ends the pause (`wake`). The first event after a quiet time is handled at
 * once.
 */
import { type ClientConfig, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';
import type { RecordedEvent } from '../../domain/event.ts';
import { type DedicatedConnection, openDedicatedConnection, PING_EVERY } from '../../eventlog/dedicated-connection.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import { createWakeableSleep, sleep } from '../../support/sleep.ts';
import { type Applier, createApplier, StoppedError } from './applier.ts';
import { type Checkpoint, DeposedError, readCheckpoint } from './checkpoints.ts';
import type { HandlerError } from './handler-error.ts';
import type { LogFeed } from './log-feed.ts';
import type { Projection, ProjectionContext } from './projection.ts';
import { finishSwap } from './tables.ts';

export type RunnerState = 'standby' | 'active' | 'paused' | 'failing' | 'closed';

export interface RunnerStatus {
  readonly name: string;
  readonly version: number;
  readonly state: RunnerState;
  /** The last position that the read model contains; undefined unless this runner holds the lock. */
  readonly position: number | undefined;
  /** How many events of the log the read model lacks; undefined unless this runner holds the lock. */
  readonly lag: number | undefined;
  /** The number of streams with parked events; undefined unless this runner holds the lock. */
  readonly parkedStreams: number | undefined;
  readonly failure: RunnerFailure | undefined;
}

export interface RunnerFailure {
  readonly message: string;
  readonly attempts: number;
  /** The position of the event that cannot be handled; undefined for other failures. */
  readonly position: number | undefined;
}

export interface Runner {
  readonly name: string;
  /** Undefined unless this runner holds the lock. */
  readonly position: number | undefined;
  status(): RunnerStatus;
  /** Ends the pause between two batches, because a caller waits for a position. */
  wake(): void;
  /** Reads at once whether an operator changed something. */
  checkNow(): void;
  close(): Promise<void>;
}

export interface RunnerOptions {
  readonly projection: Projection;
  readonly database: ClientConfig;
  readonly feed: LogFeed;
  readonly readStream: EventReader['readStream'];
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly publishInbox?: ProjectionContext['publishInbox'];
  /** Called each time the position moved. */
  readonly onMoved: () => void;
  /** Milliseconds between the starts of two batches under load. */
  readonly batchInterval?: number;
  /** Events per batch at most. */
  readonly batchSize?: number;
  /** Called after each batch, with its events and the time at which it began (`performance.now()`). */
  readonly onBatch?: (projection: string, events: readonly RecordedEvent[], startedAt: number) => void;
  /** Milliseconds before each new try of an event that cannot be handled. */
  readonly pauses?: readonly number[];
}

/** Milliseconds between two attempts to become active. */
const TAKE_OVER_EVERY = 500;
/** Milliseconds that the checkpoint may stay behind while none of the events concerns the projection. */
const SAVE_EVERY = 200;
/** Milliseconds before the next try after the database failed: at first, and at most. */
const RETRY = { first: 100, last: 10_000 };
const PAUSES = [50, 200, 500];
/** Milliseconds that closing may take before the connection is cut. */
const CLOSE_WITHIN = 3_000;

export function startRunner(options: RunnerOptions): Runner {
  const { projection, feed, log, batchInterval = 50, batchSize = 1_000 } = options;
  const { name, version } = projection;
  const closing = new AbortController();
  const betweenBatches = createWakeableSleep();
  let checking = new AbortController();
  let state: RunnerState = 'standby';
  let applier: Applier | undefined;
  let position: number | undefined;
  let connection: DedicatedConnection | undefined;
  let failure: RunnerFailure | undefined;

  const moveTo = (to: number | undefined) => {
    position = to;
    options.onMoved();
  };

  const failed = (error: unknown) => {
    const { message } = error instanceof Error ? error : new Error(String(error));
    if (error instanceof DeposedError) {
      log.info({ projection: name, err: error }, 'projection starts from its checkpoint again');
      return;
    }
    state = 'failing';
    failure = { message, attempts: (failure?.attempts ?? 0) + 1, position: undefined };
    log.warn({ projection: name, err: error, attempts: failure.attempts }, 'projection failed, trying again');
  };

  const onFailing = (error: HandlerError, attempts: number) => {
    state = 'failing';
    failure = { message: error.message, attempts, position: error.first.position };
  };

  const startApplier = (held: DedicatedConnection, checkpoint: Checkpoint, ended: AbortSignal) => {
    const { publishInbox, pauses = PAUSES, readStream } = options;
    return createApplier({
      target: { projection, schema: checkpoint.schema, generation: checkpoint.generation, serving: true },
      position: checkpoint.position,
      query: held.query,
      readStream,
      signal: ended,
      pauses,
      ...(publishInbox && { publishInbox }),
      onFailing,
      onParked({ position: at, stream, type }, error, attempts) {
        log.error(
          { projection: name, position: at, stream, type, attempts, err: error.cause },
          'an event cannot be handled and is parked',
        );
      },
      onUnannounced: (err) => log.warn({ projection: name, err }, 'a committed batch could not be announced'),
    });
  };

  const follow = async (held: DedicatedConnection, checkpoint: Checkpoint, ended: AbortSignal) => {
    const applying = await startApplier(held, checkpoint, ended);
    applier = applying;
    let { paused, attention } = checkpoint;
    let savedAt = Number.NEGATIVE_INFINITY;
    let awake = AbortSignal.any([ended, checking.signal]);

    const save = async () => {
      await applying.save();
      savedAt = performance.now();
    };
    const readChanges = async () => {
      ({ paused, attention } = await readCheckpoint(held.query, projection));
      await applying.refresh();
    };
    const recovered = () => {
      state = 'active';
      failure = undefined;
    };
    const proceed = async () => {
      const began = performance.now();
      if (await applying.replay()) return recovered();
      const events = await feed.read(applying.position, batchSize);
      if (events.length === 0) {
        recovered();
        const wait = savedAt + (applying.unsaved ? SAVE_EVERY : PING_EVERY) - began;
        if (wait > 0) await feed.beyond(applying.position, wait, awake);
        else await save();
        return;
      }
      await applying.apply(events);
      // Before `moveTo` publishes the position, and not only after the pause.
      recovered();
      options.onBatch?.(name, events, began);
      if (!applying.unsaved) savedAt = performance.now();
      else if (began - savedAt > SAVE_EVERY) await save();
      moveTo(applying.position);
      if (events.length < batchSize) await betweenBatches.sleep(batchInterval - (performance.now() - began), ended);
    };

    await save();
    if (failure === undefined) state = 'active';
    moveTo(applying.position);
    while (!ended.aborted) {
      if (checking.signal.aborted) {
        checking = new AbortController();
        awake = AbortSignal.any([ended, checking.signal]);
        await save();
      }
      if (applying.attention !== attention) await readChanges();
      if (paused) {
        state = 'paused';
        await sleep(PING_EVERY, awake);
        if (!ended.aborted) await save();
        failure = undefined;
      } else {
        await proceed();
      }
    }
    if (applying.unsaved && !held.lost.aborted) await applying.save();
  };

  /** Waits for the lock, then runs the projection until the activation ends. */
  const activate = async (held: DedicatedConnection) => {
    const replaced = new AbortController();
    const ended = AbortSignal.any([held.lost, closing.signal, replaced.signal]);
    const unsubscribe = feed.onReplaced(() => replaced.abort());
    try {
      while (!(await held.tryLock(`projection ${name} ${version}`))) {
        state = 'standby';
        // An earlier failure is over, or the active runner reports it now.
        failure = undefined;
        await sleep(TAKE_OVER_EVERY, ended);
        if (ended.aborted) return;
      }
      // Read the checkpoint first: if tables are swapped after this, its move is refused and a new activation begins.
      const checkpoint = await readCheckpoint(held.query, projection);
      await finishSwap(held, checkpoint.schema);
      await held.script(`set search_path to ${escapeIdentifier(checkpoint.schema)}`);
      log.info({ projection: name, version, position: checkpoint.position }, 'projection active');
      await follow(held, checkpoint, ended);
      if (!closing.signal.aborted) held.lost.throwIfAborted();
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error;
    } finally {
      applier = undefined;
      unsubscribe();
    }
  };

  const run = async () => {
    while (!closing.signal.aborted) {
      try {
        await using held = await openDedicatedConnection(options.database, `deskwire ${name}`);
        connection = held;
        await activate(held);
      } catch (error) {
        if (!closing.signal.aborted) failed(error);
      }
      moveTo(undefined);
      const attempts = failure?.attempts ?? 0;
      const pause = attempts === 0 ? RETRY.first : Math.min(RETRY.first * 2 ** (attempts - 1), RETRY.last);
      await sleep(pause, closing.signal);
    }
    state = 'closed';
  };
  const running = run();

  return {
    name,
    get position() {
      return position;
    },
    status: () => ({
      name,
      version,
      state,
      position,
      lag: position === undefined ? undefined : Math.max(0, feed.head - position),
      parkedStreams: applier?.parkedStreams,
      failure,
    }),
    wake: betweenBatches.wake,
    checkNow: () => checking.abort(),
    async close() {
      closing.abort();
      const timer = setTimeout(() => void connection?.[Symbol.asyncDispose](), CLOSE_WITHIN);
      await running;
      clearTimeout(timer);
    },
  };
}
