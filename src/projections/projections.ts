/** Starts the runners of all projections in a process, and lets its callers wait for the read models. */
import type { ClientConfig, Pool } from 'pg';
import type { Logger } from 'pino';
import type { Broker, Topic } from '../broker/port.ts';
import { createEventReader } from '../eventlog/reader.ts';
import { PROJECTIONS, projectionNames } from './catalog.ts';
import type { LogFeed } from './engine/log-feed.ts';
import { type Runner, type RunnerOptions, type RunnerStatus, startRunner } from './engine/runner.ts';
import type { ProjectionWaiter } from './queries/queries.ts';
import { createProjectionWaiter } from './queries/waiter.ts';

export { createReadModels } from './rebuild/provide.ts';

/** The signal that an operator gave an order. Runners then read it at once rather than within a second. */
const CHANGED: Topic = ['projections'];

/** Makes the runners of all processes read an operator's order from the database at once. */
export function notifyRunners(signals: Pick<Broker['signals'], 'publish'>): void {
  signals.publish(CHANGED, {});
}

export interface Projections extends ProjectionWaiter {
  status(): readonly RunnerStatus[];
  close(): Promise<void>;
}

export interface ProjectionsOptions {
  /** The server itself, not a pooler, because runners hold dedicated connections. */
  readonly database: ClientConfig;
  readonly feed: LogFeed;
  readonly signals: Broker['signals'];
  readonly pool: Pool;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Milliseconds between the starts of two batches of a projection under load. */
  readonly batchInterval?: number;
  readonly onBatch?: RunnerOptions['onBatch'];
}

/** Runs every projection that no other process runs, and stands by for the others. */
export function startProjections(options: ProjectionsOptions): Projections {
  const { database, feed, signals, pool, log, batchInterval } = options;
  const { readStream } = createEventReader(pool);
  const runners: Runner[] = [];
  const waiter = createProjectionWaiter({
    runners,
    projections: projectionNames().length,
    lowestCheckpoint: () => lowestCheckpoint(pool),
  });
  for (const name of projectionNames()) {
    runners.push(
      startRunner({
        projection: PROJECTIONS[name],
        database,
        feed,
        readStream,
        log,
        onMoved: waiter.moved,
        publishInbox: (userId, signal) => signals.publish(['inbox', userId], signal),
        ...(batchInterval !== undefined && { batchInterval }),
        ...(options.onBatch && { onBatch: options.onBatch }),
      }),
    );
  }
  const changes = signals.subscribe(CHANGED, () => {
    for (const runner of runners) runner.checkNow();
  });
  return {
    waitFor: waiter.waitFor,
    status: () => runners.map((runner) => runner.status()),
    async close() {
      changes.close();
      await Promise.all(runners.map((runner) => runner.close()));
    },
  };
}

/** Read-your-writes for a process that runs no projections. */
export function createRemoteWaiter(pool: Pool): ProjectionWaiter {
  return createProjectionWaiter({
    runners: [],
    projections: projectionNames().length,
    lowestCheckpoint: () => lowestCheckpoint(pool),
  });
}

async function lowestCheckpoint(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ lowest: string }>({
    name: 'lowest_checkpoint',
    text: `select case when count(*) = cardinality($1::text[]) then min(p.position) else 0 end as lowest
      from deskwire.projections p join unnest($1::text[], $2::integer[]) as mine(name, version) using (name, version)`,
    values: [projectionNames(), projectionNames().map((name) => PROJECTIONS[name].version)],
  });
  return Number(rows[0]?.lowest ?? 0);
}
