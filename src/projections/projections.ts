/** Running the projections of Deskwire. */
import type { ClientConfig, Pool } from 'pg';
import type { Logger } from 'pino';
import type { Broker } from '../broker/port.ts';
import { openSession } from '../eventlog/session.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, projectionNames, type Schemas } from './catalog.ts';
import { openCheckpoint } from './checkpoints.ts';
import type { LogFeed } from './feed.ts';
import type { ProjectionWaiter } from './queries.ts';
import { type Runner, type RunnerOptions, type RunnerStatus, startRunner } from './runner.ts';
import { createProjectionWaiter } from './waiter.ts';

export interface Projections extends ProjectionWaiter {
  status(): readonly RunnerStatus[];
  close(): Promise<void>;
}

export interface ProjectionsOptions {
  /** Of the server itself, not of a pooler: runners hold sessions. */
  readonly database: ClientConfig;
  readonly feed: LogFeed;
  readonly signals: Pick<Broker['signals'], 'publish'>;
  readonly pool: Pool;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly schemas?: Schemas;
  /** Milliseconds between the starts of two batches of a projection under load. */
  readonly pace?: number;
  readonly onBatch?: RunnerOptions['onBatch'];
}

/**
 * Creates the read models that are missing, empty, so that they can be read before they are first written. Every process
 * that reads them does this after the migrations.
 */
export async function createReadModels(database: ClientConfig, schemas: Schemas = DEFAULT_SCHEMAS): Promise<void> {
  await using session = await openSession(database, 'deskwire read models');
  for (const name of projectionNames()) await openCheckpoint(session, PROJECTIONS[name], schemas[name]);
}

/** Runs every projection that no other process is running, and stands by for the others. */
export function startProjections(options: ProjectionsOptions): Projections {
  const { database, feed, signals, pool, log, pace, schemas = DEFAULT_SCHEMAS } = options;
  const runners: Runner[] = [];
  const waiter = createProjectionWaiter({
    runners: () => runners,
    projections: projectionNames().length,
    lowestCheckpoint: () => lowestCheckpoint(pool),
  });
  for (const name of projectionNames()) {
    runners.push(
      startRunner({
        projection: PROJECTIONS[name],
        schema: schemas[name],
        database,
        feed,
        log,
        onMoved: waiter.moved,
        publishInbox: (userId, signal) => signals.publish(['inbox', userId], signal),
        ...(pace !== undefined && { pace }),
        ...(options.onBatch && { onBatch: options.onBatch }),
      }),
    );
  }
  return {
    waitFor: waiter.waitFor,
    status: () => runners.map((runner) => runner.status()),
    async close() {
      await Promise.all(runners.map((runner) => runner.close()));
    },
  };
}

/** Read-your-writes for a process that runs no projections. */
export function createRemoteWaiter(pool: Pool): ProjectionWaiter {
  return createProjectionWaiter({
    runners: () => [],
    projections: projectionNames().length,
    lowestCheckpoint: () => lowestCheckpoint(pool),
  });
}

async function lowestCheckpoint(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ lowest: string }>({
    name: 'lowest_checkpoint',
    text: `select case when count(*) = cardinality($1::text[]) then min(position) else 0 end as lowest
      from deskwire.projections where name = any ($1::text[])`,
    values: [projectionNames()],
  });
  return Number(rows[0]?.lowest ?? 0);
}
