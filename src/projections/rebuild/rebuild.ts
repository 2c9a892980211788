/**
 * Builds a read model anew from the log while the one there is serves, and puts it in its place; nobody who reads notices.
 *
 *   fill      the next tables in large batches, up to where the serving read model stands
 *   catch up  with it, while it moves on
 *   swap      in one short transaction (`swap.ts`); what served is kept as the previous tables
 *
 * The new tables never contain more than what serves does, so that whoever announces notifications has announced all that
 * they contain, and a rebuild announces nothing. Each batch is committed with the build's own checkpoint: a rebuild that
 * was interrupted goes on from there, and of two that fill the same tables one gives up. A rollback is the same with the
 * previous tables in the place of the next ones.
 */
import { type ClientConfig, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';
import { DeskwireError } from '../../domain/errors.ts';
import { type DedicatedConnection, openDedicatedConnection } from '../../eventlog/dedicated-connection.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import { rest } from '../../support/sleep.ts';
import type { Projection } from '../engine/projection.ts';
import { completeTables, finishSwap } from '../engine/tables.ts';
import { type Build, beginBuild, dropBuild, findBuild } from './builds.ts';
import { createFiller, type Filler } from './filler.ts';
import type { LogBatches } from './log-batches.ts';
import type { Progress } from './progress.ts';
import { findServing, NotNowError, swapIn } from './swap.ts';

export interface RebuildOptions {
  /** Of the server itself, not of a pooler: a rebuild holds a session. */
  readonly database: ClientConfig;
  readonly reader: Pick<EventReader, 'readStream' | 'readLog' | 'head'>;
  readonly batches: LogBatches;
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly signal: AbortSignal;
  onProgress?(progress: Progress): void;
}

/** Another process, or this one, rebuilds the projection already. */
export class BusyError extends DeskwireError {
  constructor(message: string) {
    super('conflict', message);
  }
}

/** There is nothing to go back to. */
export class NoPreviousError extends Error {
  override readonly name = 'NoPreviousError';
}

/** Somebody dropped the tables while they were being filled. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

/** Events that may be missing when the swap begins: applying them takes a few milliseconds. */
const MISSING_AT_SWAP = 200;
/** Milliseconds until the swap is tried again. */
const TRY_AGAIN = 100;
/** Events per batch while catching up. */
const CATCH_UP_BATCH = 1_000;
/** Milliseconds after which the server ends the session of a process that was stopped, and another may go on. */
const IDLE_TIMEOUT = 60_000;

/** `prepare` fills the next tables, and leaves the swap to a later `rebuild`. */
export type Work = 'rebuild' | 'prepare' | 'rollback';

export function runBuild(work: Work, projection: Projection, schema: string, options: RebuildOptions): Promise<void> {
  if (work === 'rollback') return rollBack(projection, schema, options);
  return rebuild(projection, schema, { ...options, swap: work === 'rebuild' });
}

/**
 * Builds anew, or goes on with what an earlier rebuild left. `schema` is the name under which the read model serves.
 * With `swap: false` the tables are filled and left for a later rebuild to bring in. Rejects with BusyError, with
 * AbortedError, or with the signal's reason; the next call then goes on.
 */
export function rebuild(
  projection: Projection,
  schema: string,
  options: RebuildOptions & { readonly swap?: boolean },
): Promise<void> {
  return withBuild(projection, schema, options, async (held) => {
    const build = (await findBuild(held.query, projection, 'next')) ?? (await beginBuild(held, projection, schema));
    await bringIn(held, projection, schema, build, options);
  });
}

/** Puts the previous tables back in place, caught up. Rejects with NoPreviousError or as `rebuild` does. */
export function rollBack(projection: Projection, schema: string, options: RebuildOptions): Promise<void> {
  return withBuild(projection, schema, options, async (held) => {
    const build = await findBuild(held.query, projection, 'previous');
    if (build === undefined) throw new NoPreviousError(`${projection.name} has no previous tables`);
    await bringIn(held, projection, schema, build, options);
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

async function bringIn(
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
  const level = async () => (await findServing(held.query, projection))?.position ?? (await reader.head()).position;
  const readUpTo = (upTo: number) => (position: number) =>
    reader.readLog(position, Math.min(upTo - position, CATCH_UP_BATCH));

  await held.script(`set search_path to ${escapeIdentifier(build.schema)}`);
  try {
    let filler = await startFiller();
    await fill(filler, await level(), batches);
    await completeTables(held, projection, build.schema);
    for (;;) {
      const upTo = await level();
      await filler.advance('catching up', upTo, readUpTo(upTo));
      if (options.swap === false) return filler.report('done', upTo);
      await makeRoom(held, projection, build);
      filler.report('swapping', upTo);
      const filling = filler;
      const swapped = await swapIn(held, projection, schema, build, async (last) => {
        if (last - filling.position > MISSING_AT_SWAP) throw new NotNowError('too far behind');
        await filling.advance('swapping', last, readUpTo(last));
      });
      if (swapped) break;
      await rest(TRY_AGAIN, signal);
      filler = await startFiller();
    }
    await finishSwap(held, schema);
    filler.report('done', filler.position);
  } catch (error) {
    throw (await wasDropped(held, build)) ? abortedError(projection) : error;
  }
}

async function fill(filler: Filler, upTo: number, batches: LogBatches): Promise<void> {
  using log = batches.join();
  await filler.advance('filling', upTo, (position) => log.read(position, upTo));
}

/** Only one set of previous tables is kept: a rebuild replaces them, a rollback brings them in. */
async function makeRoom(held: DedicatedConnection, projection: Projection, build: Build): Promise<void> {
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
    .catch(() => ['the connection is lost, so nobody knows']);
  return rows.length === 0;
}

function abortedError({ name }: Projection): AbortedError {
  return new AbortedError(`the rebuild of ${name} was aborted: its tables were dropped`);
}
