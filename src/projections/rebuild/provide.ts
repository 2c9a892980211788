/**
 * Creates the read models of this version of the code before they are read.
 *
 * A projection with a raised version gets new tables, which are filled from the log. Meanwhile the old tables serve the
 * processes with the older code. So a new process starts to serve only when its read models have caught up, and
 * processes of both versions can run side by side during a deployment.
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

/** Milliseconds between two checks whether another process has built a read model. */
const CHECK_EVERY = 500;
/** Milliseconds between two log lines about a build. */
const LOG_EVERY = 5_000;

const SILENT = { info: () => {}, error: () => {} };

/** Called by every process with read models, after the migrations. `database` must be the server, not a pooler. */
export async function createReadModels(database: ClientConfig, options: ProvideOptions = {}): Promise<void> {
  const { schemas = DEFAULT_SCHEMAS, log = SILENT } = options;
  const missing = await provideEmpty(database, schemas);
  if (missing.length === 0) return;
  const pool = new pg.Pool({ ...database, max: 2 });
  pool.on('error', () => {}); // The next query rejects.
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

/** Creates missing read models at once if the log is empty; returns the names of those that are still missing. */
async function provideEmpty(database: ClientConfig, schemas: Schemas): Promise<ProjectionName[]> {
  await using held = await openDedicatedConnection(database, 'deskwire read models');
  const missing: ProjectionName[] = [];
  for (const name of projectionNames()) if (!(await isThere(held, PROJECTIONS[name]))) missing.push(name);
  if (missing.length === 0 || !(await logIsEmpty(held))) return missing;
  for (const name of missing) await createEmptyReadModel(held, PROJECTIONS[name], schemas[name]);
  return [];
}

const IS_THERE = 'select from deskwire.projections where name = $1 and version = $2';

async function isThere({ query }: DedicatedConnection, { name, version }: Projection): Promise<boolean> {
  return (await query('is_there', IS_THERE, [name, version])).length > 0;
}

async function logIsEmpty({ query }: DedicatedConnection): Promise<boolean> {
  return (await query('log_is_empty', 'select from deskwire.log_head where position = 0', [])).length > 0;
}

/** Creates a read model of an empty log. Does nothing if the read model exists. */
export async function createEmptyReadModel(
  held: DedicatedConnection,
  projection: Projection,
  schema: string,
): Promise<void> {
  await inTransaction(held, async () => {
    await lockTables(held.query);
    if (await isThere(held, projection)) return;
    await createTables(held, projection, schema);
    await takeOver(held.query, projection, { schema, position: 0 });
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
  const onProgress = logAtIntervals(options.log);
  while ((await pool.query(IS_THERE, [name, version])).rows.length === 0) {
    try {
      await rebuild(projection, schema, { ...options, signal: new AbortController().signal, onProgress });
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await sleep(CHECK_EVERY);
    }
  }
}

function logAtIntervals(log: Pick<Logger, 'info'>): (progress: Progress) => void {
  let loggedAt = performance.now();
  return (progress) => {
    if (progress.phase !== 'done' && performance.now() - loggedAt < LOG_EVERY) return;
    loggedAt = performance.now();
    log.info(progress, 'building a read model');
  };
}
