/**
 * Builds a read model anew from the log while the present one serves, and swaps it in without an interruption of reads.
 *
 *   fill      the next tables in large batches, up to the position of the serving read model
 *   catch up  with the serving read model, which moves on
 *   swap      in one short transaction (`swap.ts`); the tables that served are kept as the previous tables
 *
 * The next tables never contain more than the serving ones. So all their notifications were announced already, and a
 * rebuild announces none. Each batch is committed with the checkpoint of the build. So an interrupted rebuild continues
 * from there, and of two rebuilds that fill the same tables one fails. A rollback works alike with the previous tables.
 */
import { type ClientConfig, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';
import { DeskwireError } from '../../domain/errors.ts';
import { type DedicatedConnection, openDedicatedConnection } from '../../eventlog/dedicated-connection.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import { sleep } from '../../support/sleep.ts';
import type { Projection } from '../engine/projection.ts';
import { completeTables, finishSwap } from '../engine/tables.ts';
import { type Build, beginBuild, dropBuild, findBuild } from './builds.ts';
import { createFiller, type Filler } from './filler.ts';
import type { LogBatches } from './log-batches.ts';
import type { Progress } from './progress.ts';
import { findServing, NotNowError, swapIn } from './swap.ts';

export interface RebuildOptions {
  /** Of the server, not of a pooler: a rebuild keeps a connection with a lock. */
  readonly database: ClientConfig;
  readonly reader: Pick<EventReader, 'readStream' | 'readLog' | 'head'>;
  readonly batches: LogBatches;
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly signal: AbortSignal;
  onProgress?(progress: Progress): void;
}

/** A rebuild of the projection is running already, in any process. */
export class BusyError extends DeskwireError {
  constructor(message: string) {
    super('conflict', message);
  }
}

/** The projection has no previous tables for a rollback. */
export class NoPreviousError extends Error {
  override readonly name = 'NoPreviousError';
}

/** The tables were dropped while they were filled. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

/** Events that the next tables may lack when the swap begins: applying them takes a few milliseconds. */
const MISSING_AT_SWAP = 200;
/** Milliseconds until the swap is tried again. */
const RETRY = 100;
/** Events per batch while catching up. */
const CATCH_UP_BATCH = 1_000;
/** Milliseconds after which the server closes the connection of a stopped process, so that another can continue. */
const IDLE_TIMEOUT = 60_000;

/** `prepare` fills the next tables and leaves the swap to a later `rebuild`. */
export type Work = 'rebuild' | 'prepare' | 'rollback';

export function runBuild(work: Work, projection: Projection, schema: string, options: RebuildOptions): Promise<void> {
  if (work === 'rollback') return rollBack(projection, schema, options);
  return rebuild(projection, schema, { ...options, swap: work === 'rebuild' });
}

/**
 * Builds a read model anew, or continues an interrupted rebuild. `schema` is the name under which the read model
 * serves. With `swap: false` the tables are filled, and a later rebuild swaps them in. Rejects with BusyError,
 * AbortedError or the signal's reason; the next call then continues.
 */
export function rebuild(
  projection: Projection,
  schema: string,
  options: RebuildOptions & { readonly swap?: boolean },
): Promise<void> {
  return withBuild(projection, schema, options, async (held) => {
    const build = (await findBuild(held.query, projection, 'next')) ?? (await beginBuild(held, projection, schema));
    await completeAndSwap(held, projection, schema, build, options);
  });
}

/** Lets the previous tables catch up and swaps them in. Rejects with NoPreviousError, or as `rebuild` does. */
export function rollBack(projection: Projection, schema: string, options: RebuildOptions): Promise<void> {
  return withBuild(projection, schema, options, async (held) => {
    const build = await findBuild(held.query, projection, 'previous');
    if (build === undefined) throw new NoPreviousError(`${projection.name} has no previous tables`);
    await completeAndSwap(held, projection, schema, build, options);
  });
}

async function withBuild(
  projection: Projection,
  schema: string,
  { database }: RebuildOptions,
  work: (held: DedicatedConnection) => Promise<void>,
): Promise<void> {
  const { name, version } = projection;
  const timeouts = { idleTimeout: IDLE_TIMEOUT, queryTimeout: 0 };
  await using held = await openDedicatedConnection(database, `deskwire rebuild ${name}`, timeouts);
  if (!(await held.tryLock(`rebuild ${name} ${version}`))) {
    throw new BusyError(`${name} is being rebuilt already, by another process`);
  }
  await finishSwap(held, schema);
  await work(held);
}

async function completeAndSwap(
  held: DedicatedConnection,
  projection: Projection,
  schema: string,
  build: Build,
  options: RebuildOptions & { readonly swap?: boolean },
): Promise<void> {
  const { signal, batches, reader, log, onProgress } = options;
  const startFiller = async () => {
    const filler = await createFiller({
      projection,
      build,
      query: held.query,
      readStream: reader.readStream,
      signal,
      onProgress,
      onParked({ position, stream, type }, err) {
        const event = { projection: projection.name, position, stream, type };
        log.error({ ...event, err }, 'an event cannot be handled and is parked in the rebuild');
      },
    });
    if (filler === undefined) throw abortedError(projection);
    return filler;
  };
  const servingPosition = async () =>
    (await findServing(held.query, projection))?.position ?? (await reader.head()).position;
  const readUpTo = (upTo: number) => (position: number) =>
    reader.readLog(position, Math.min(upTo - position, CATCH_UP_BATCH));

  await held.script(`set search_path to ${escapeIdentifier(build.schema)}`);
  try {
    let filler = await startFiller();
    await fill(held, filler, await servingPosition(), batches);
    await completeTables(held, projection, build.schema);
    for (;;) {
      const upTo = await servingPosition();
      await filler.advance('catching up', upTo, readUpTo(upTo));
      if (options.swap === false) return filler.report('done', upTo);
      await dropPrevious(held, projection, build);
      filler.report('swapping', upTo);
      const filling = filler;
      const swapped = await swapIn(held, projection, schema, build, async (last) => {
        if (last - filling.position > MISSING_AT_SWAP) throw new NotNowError('too far behind');
        await filling.advance('swapping', last, readUpTo(last));
      });
      if (swapped) break;
      await sleep(RETRY, signal);
      filler = await startFiller();
    }
    await finishSwap(held, schema);
    filler.report('done', filler.position);
  } catch (error) {
    throw (await wasDropped(held, build)) ? abortedError(projection) : error;
  }
}

async function fill(held: DedicatedConnection, filler: Filler, upTo: number, batches: LogBatches): Promise<void> {
  using log = batches.join();
  await filler.advance('filling', upTo, (position) => keptAlive(held, log.read(position, upTo)));
}

/** A rebuild that is ahead waits for the slowest one, which may take longer than an idle connection is kept. */
async function keptAlive<T>(held: DedicatedConnection, reading: Promise<T>): Promise<T> {
  const pings = setInterval(() => void held.ping().catch(() => undefined), IDLE_TIMEOUT / 6);
  try {
    return await reading;
  } finally {
    clearInterval(pings);
  }
}

/** Only one set of previous tables is kept: a rebuild drops it first; a rollback swaps it in. */
async function dropPrevious(held: DedicatedConnection, projection: Projection, build: Build): Promise<void> {
  const previous = await findBuild(held.query, projection, 'previous');
  if (previous !== undefined && previous.generation !== build.generation) await dropBuild(held, previous);
}

async function wasDropped(held: DedicatedConnection, { generation }: Build): Promise<boolean> {
  const rows = await held
    .query(
      'known_generation',
      `select from deskwire.projection_builds where generation = $1
       union all select from deskwire.projections where generation = $1`,
      [generation],
    )
    .catch(() => ['unknown: the connection is lost']);
  return rows.length === 0;
}

function abortedError({ name }: Projection): AbortedError {
  return new AbortedError(`the rebuild of ${name} was aborted: its tables were dropped`);
}
