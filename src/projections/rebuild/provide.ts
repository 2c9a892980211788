/**
 * Sees to it that the read models which this version of the code reads are there before anybody reads them.
 *
 * A projection whose version was raised gets tables of its own, filled from the log while the older ones go on serving the
 * processes that run the older code. A new process therefore starts to serve only when its read models have caught up,
 * and processes of both versions can run side by side for as long as a deployment takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type ClientConfig } from 'pg';
import type { Logger } from 'pino';
import { type DedicatedConnection, openDedicatedConnection } from '../../eventlog/dedicated-connection.ts';
import { createEventReader } from '../../eventlog/reader.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, type ProjectionName, projectionNames, type Schemas } from '../catalog.ts';
import type { Projection } from '../engine/projection.ts';
import { createTables, inTransaction, lockTables } from '../engine/tables.ts';
import { createLogBatches, type LogBatches } from './log-batches.ts';
import type { Progress } from './progress.ts';
import { BusyError, type RebuildOptions, rebuild } from './rebuild.ts';
import { takeOver } from './swap.ts';

export interface ProvideOptions {
  readonly schemas?: Schemas;
  readonly log?: Pick<Logger, 'info' | 'error'>;
}

/** Milliseconds between two looks whether another process has built a read model. */
const LOOK_EVERY = 500;
/** Milliseconds between two lines of log about a build. */
const LOG_EVERY = 5_000;

const SILENT = { info: () => {}, error: () => {} };

/** Every process that reads the read models does this after the migrations. `database` is the server itself, not a pooler. */
export async function createReadModels(database: ClientConfig, options: ProvideOptions = {}): Promise<void> {
  const { schemas = DEFAULT_SCHEMAS, log = SILENT } = options;
  const missing = await provideEmpty(database, schemas);
  if (missing.length === 0) return;
  const pool = new pg.Pool({ ...database, max: 2 });
  pool.on('error', () => {}); // The next query says so.
  try {
    const reader = createEventReader(pool);
    const batches = createLogBatches(reader);
    await Promise.all(
      missing.map((name) => build(pool, PROJECTIONS[name], schemas[name], { database, reader, batches, log })),
    );
  } finally {
    await pool.end();
  }
}

/** Creates what there is nothing to be built from; returns what is missing after that. */
async function provideEmpty(database: ClientConfig, schemas: Schemas): Promise<ProjectionName[]> {
  await using session = await openDedicatedConnection(database, 'deskwire read models');
  const missing: ProjectionName[] = [];
  for (const name of projectionNames()) if (!(await isThere(session, PROJECTIONS[name]))) missing.push(name);
  if (missing.length === 0 || !(await logIsEmpty(session))) return missing;
  for (const name of missing) await createEmptyReadModel(session, PROJECTIONS[name], schemas[name]);
  return [];
}

const IS_THERE = 'select from deskwire.projections where name = $1 and version = $2';

async function isThere({ query }: DedicatedConnection, { name, version }: Projection): Promise<boolean> {
  return (await query('is_there', IS_THERE, [name, version])).length > 0;
}

async function logIsEmpty({ query }: DedicatedConnection): Promise<boolean> {
  return (await query('log_is_empty', 'select from deskwire.log_head where position = 0', [])).length > 0;
}

/** For a log that holds nothing yet; what is there already stays. */
export async function createEmptyReadModel(
  session: DedicatedConnection,
  projection: Projection,
  schema: string,
): Promise<void> {
  await inTransaction(session, async () => {
    await lockTables(session.query);
    if (await isThere(session, projection)) return;
    await createTables(session, projection, schema);
    await takeOver(session.query, projection, { schema, position: 0 });
  });
}

async function build(
  pool: pg.Pool,
  projection: Projection,
  schema: string,
  options: Omit<RebuildOptions, 'signal' | 'onProgress'> & { readonly batches: LogBatches },
): Promise<void> {
  const { name, version } = projection;
  options.log.info({ projection: name, version }, 'building a read model for this version');
  const onProgress = loggedNowAndThen(options.log);
  while ((await pool.query(IS_THERE, [name, version])).rows.length === 0) {
    try {
      await rebuild(projection, schema, { ...options, signal: new AbortController().signal, onProgress });
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await sleep(LOOK_EVERY);
    }
  }
}

function loggedNowAndThen(log: Pick<Logger, 'info'>): (progress: Progress) => void {
  let loggedAt = performance.now();
  return (progress) => {
    if (progress.phase !== 'done' && performance.now() - loggedAt < LOG_EVERY) return;
    loggedAt = performance.now();
    log.info(progress, 'building a read model');
  };
}
