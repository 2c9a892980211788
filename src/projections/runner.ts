/**
 * Runs one projection: takes what is new from the feed, folds it, commits it with the checkpoint, and again.
 *
 * States of a runner:
 *   standby     another runner of the cluster holds the projection's lock; asks for it every second
 *   active      holds the lock, follows the log
 *   failing     the database or a handler fails; tries again with growing pauses
 *   superseded  a newer version of the projection has taken over the read model
 *   closed
 *
 * It is active only as long as its connection is, which holds the lock and is the one it writes on. Whatever goes wrong
 * ends the activation: memory is dropped, and the next one starts from the checkpoint.
 *
 * Under load batches are spaced by `pace`, because a batch costs nearly the same whether it holds one event or fifty;
 * whoever waits for a position ends the pause (`hurry`). The first event after a quiet time is handled at once.
 */
import { type ClientConfig, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';
import type { RecordedEvent } from '../domain/event.ts';
import { openSession, PING_EVERY, type Session } from '../eventlog/session.ts';
import {
  type Checkpoint,
  commitBatch,
  DeposedError,
  moveCheckpoint,
  openCheckpoint,
  SupersededError,
} from './checkpoints.ts';
import type { LogFeed } from './feed.ts';
import { blame, fold, HandlerError } from './handler-error.ts';
import type { Projection, ProjectionContext, Writes } from './projection.ts';
import { createPace, rest } from './rest.ts';

export type RunnerState = 'standby' | 'active' | 'failing' | 'superseded' | 'closed';

export interface RunnerStatus {
  readonly name: string;
  readonly version: number;
  readonly state: RunnerState;
  /** The last position that the read model contains; undefined unless this runner is active. */
  readonly position: number | undefined;
  /** How many events of the log the read model lacks; undefined unless this runner is active. */
  readonly lag: number | undefined;
  readonly failure: RunnerFailure | undefined;
}

export interface RunnerFailure {
  readonly message: string;
  readonly attempts: number;
  /** The event that cannot be handled, when it is an event and known which. */
  readonly position: number | undefined;
}

export interface Runner {
  readonly name: string;
  /** Undefined unless this runner is active. */
  readonly position: number | undefined;
  status(): RunnerStatus;
  /** Somebody waits: handle at once what is there. */
  hurry(): void;
  close(): Promise<void>;
}

export interface RunnerOptions {
  readonly projection: Projection;
  /** Where the read model is created when there is none. */
  readonly schema: string;
  readonly database: ClientConfig;
  readonly feed: LogFeed;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly publishInbox?: ProjectionContext['publishInbox'];
  /** Called each time the position moved. */
  readonly onMoved: () => void;
  /** Milliseconds between the starts of two batches under load. */
  readonly pace?: number;
  /** Events per batch at most. */
  readonly batchSize?: number;
  /** Called after each batch that was written, with all its events and when it began (`performance.now()`). */
  readonly onBatch?: (projection: string, events: readonly RecordedEvent[], startedAt: number) => void;
}

/** Milliseconds between two attempts to become active. */
const TAKE_OVER_EVERY = 1_000;
/** Milliseconds that the checkpoint may stay behind while events pass that the projection has nothing to do with. */
const SAVE_EVERY = 200;
/** Milliseconds before trying again: at first, and at most. */
const RETRY = { first: 100, last: 10_000 };
/** Milliseconds that closing may take before the connection is cut. */
const CLOSE_WITHIN = 3_000;

export function startRunner(options: RunnerOptions): Runner {
  const { projection, feed, log, pace: paceMs = 15, batchSize = 1_000 } = options;
  const closing = new AbortController();
  const pace = createPace();
  let state: RunnerState = 'standby';
  let position: number | undefined;
  let session: Session | undefined;
  let attempts = 0;
  let lastError: Error | undefined;
  /** The events among which one cannot be handled: one at a time until they are behind us. */
  let suspects: HandlerError | undefined;

  const moveTo = (to: number | undefined) => {
    position = to;
    options.onMoved();
  };

  const recovered = (at: number) => {
    if (suspects !== undefined && at < suspects.last.position) return;
    suspects = undefined;
    lastError = undefined;
    attempts = 0;
    state = 'active';
  };

  const failed = (error: unknown) => {
    lastError = error instanceof Error ? error : new Error(String(error));
    if (error instanceof DeposedError) {
      log.info({ projection: projection.name, err: error }, 'projection taken over by another runner');
      return;
    }
    attempts += 1;
    state = error instanceof SupersededError ? 'superseded' : 'failing';
    if (error instanceof HandlerError) suspects = error;
    log.warn({ projection: projection.name, err: lastError, attempts }, 'projection failed, trying again');
  };

  const follow = async (held: Session, { schema, position: start }: Checkpoint, ended: AbortSignal) => {
    const { publishInbox } = options;
    const handler = projection.start({ schema, ...(publishInbox && { publishInbox }) });
    let saved = start;
    let savedAt = Number.NEGATIVE_INFINITY;
    const wasSaved = (at: number) => {
      saved = at;
      savedAt = performance.now();
      recovered(at);
    };
    // Moving the checkpoint to where it stands already is also the ping that keeps the session alive.
    const save = async (at: number) => {
      await moveCheckpoint(held.query, projection, saved, at);
      wasSaved(at);
    };

    let current = start;
    moveTo(current);
    while (!ended.aborted) {
      const began = performance.now();
      const events = await feed.read(current, suspects === undefined ? batchSize : 1);
      const last = events.at(-1)?.position;
      if (last === undefined) {
        const wait = savedAt + (saved < current ? SAVE_EVERY : PING_EVERY) - began;
        if (wait > 0) await feed.beyond(current, wait, ended);
        else await save(current);
        continue;
      }
      if (handler.prefetch) await handler.prefetch(events, held.query);
      const writes = fold(handler, events);
      if (writes !== undefined) {
        const move = { from: saved, to: last };
        const result = await commitBatch(held.query, projection, schema, move, writes.payload).catch(
          (error: unknown) => {
            throw blame(error, events);
          },
        );
        wasSaved(last);
        options.onBatch?.(projection.name, events, began);
        announce(writes, result);
      } else if (began - savedAt > SAVE_EVERY) {
        await save(last);
      }
      current = last;
      moveTo(current);
      if (events.length < batchSize) await pace.rest(paceMs - (performance.now() - began), ended);
    }
    if (saved < current && !held.lost.aborted) await save(current);
  };

  /** What was committed stays so, whoever could not be told. */
  const announce = (writes: Writes, result: unknown) => {
    try {
      writes.committed?.(result);
    } catch (error) {
      log.warn({ projection: projection.name, err: error }, 'a committed batch could not be announced');
    }
  };

  /** From the lock to whatever ends the activation. */
  const activate = async (held: Session) => {
    const replaced = new AbortController();
    const ended = AbortSignal.any([held.lost, closing.signal, replaced.signal]);
    const unsubscribe = feed.onReplaced(() => replaced.abort());
    try {
      while (!(await held.tryLock(`projection ${projection.name}`))) {
        if (state !== 'superseded') state = 'standby';
        await rest(TAKE_OVER_EVERY, ended);
        if (ended.aborted) return;
      }
      const checkpoint = await openCheckpoint(held, projection, options.schema);
      await held.script(`set search_path to ${escapeIdentifier(checkpoint.schema)}`);
      if (attempts === 0) state = 'active';
      log.info({ projection: projection.name, position: checkpoint.position }, 'projection active');
      await follow(held, checkpoint, ended);
      if (!closing.signal.aborted) held.lost.throwIfAborted();
    } finally {
      unsubscribe();
    }
  };

  const run = async () => {
    while (!closing.signal.aborted) {
      try {
        await using held = await openSession(options.database, `deskwire ${projection.name}`);
        session = held;
        await activate(held);
      } catch (error) {
        if (!closing.signal.aborted) failed(error);
      }
      moveTo(undefined);
      const pause = attempts === 0 ? RETRY.first : Math.min(RETRY.first * 2 ** (attempts - 1), RETRY.last);
      await rest(pause, closing.signal);
    }
    state = 'closed';
  };
  const running = run();

  return {
    name: projection.name,
    get position() {
      return position;
    },
    status() {
      const event = suspects?.first === suspects?.last ? suspects?.first : undefined;
      // What went wrong before it stood by is the active runner's matter now.
      const problem = attempts > 0 && state !== 'standby' ? lastError : undefined;
      return {
        name: projection.name,
        version: projection.version,
        state,
        position,
        lag: position === undefined ? undefined : Math.max(0, feed.head - position),
        failure: problem && { message: problem.message, attempts, position: event?.position },
      };
    },
    hurry: pace.hurry,
    async close() {
      closing.abort();
      const timer = setTimeout(() => void session?.[Symbol.asyncDispose](), CLOSE_WITHIN);
      await running;
      clearTimeout(timer);
    },
  };
}
