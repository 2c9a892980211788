/** The projections of a cluster's processes, on an event log in a database of the test's own. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DomainEvent, Stream } from '../../../src/domain/event.ts';
import type { InboxSignal } from '../../../src/domain/notification/inbox.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createLogFeed, type LogFeed } from '../../../src/projections/engine/log-feed.ts';
import { createReadModels, type Projections, startProjections } from '../../../src/projections/projections.ts';
import { createQueries } from '../../../src/projections/queries/create-queries.ts';
import type { Queries } from '../../../src/projections/queries/queries.ts';
import { createDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';

export const quiet = { info: () => {}, warn: () => {}, error: () => {} };

export interface Cluster extends AsyncDisposable {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly queries: Queries;
  startProcess(): Process;
}

export interface Process {
  readonly feed: LogFeed;
  readonly projections: Projections;
  readonly signals: { readonly userId: string; readonly signal: InboxSignal }[];
  /** Appends to a stream; returns the position of the last event. */
  append(stream: Stream, ...events: readonly DomainEvent[]): Promise<number>;
  stop(): Promise<void>;
}

/** Creates a cluster whose processes receive each other's events from Postgres alone, without a broker. */
export async function createCluster(): Promise<Cluster> {
  const database = await createDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => {});
  await createReadModels({ connectionString: database.url });
  const stops: (() => Promise<void>)[] = [];
  return {
    url: database.url,
    pool,
    queries: createQueries({ pool }),
    startProcess() {
      const process = startProcess(database.url, pool);
      stops.push(process.stop);
      return process;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(stops.map((stop) => stop()));
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Ends the connections of one application to this database, as a failing network or server would. */
export const endConnections = (pool: pg.Pool, application: string) =>
  pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = $1',
    [application],
  );

/** Resolves when a connection of the application to this database waits for a lock. */
export const waitsForLock = (pool: pg.Pool, application: string) =>
  until(async () => {
    const { rows } = await pool.query(
      `select from pg_stat_activity
       where datname = current_database() and application_name = $1 and wait_event_type = 'Lock'`,
      [application],
    );
    return rows.length > 0;
  }, `${application} to wait for a lock`);

function startProcess(url: string, pool: pg.Pool): Process {
  const reader = createEventReader(pool);
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
  const done = new Promise<void>(() => {});
  const broker = { connected: false, followLog: () => ({ done, close: () => {} }) };
  const feed = createLogFeed({ appender, reader, broker, log: quiet, checkEvery: 50 });
  const signals: Process['signals'] = [];
  const projections = startProjections({
    database: { connectionString: url },
    feed,
    pool,
    log: quiet,
    signals: {
      publish: (topic, payload) => void signals.push({ userId: topic[1] ?? '', signal: payload as InboxSignal }),
      subscribe: () => ({ ready: Promise.resolve(), close: () => {} }),
    },
  });
  return {
    feed,
    projections,
    signals,
    append: (stream, ...events) => append(appender, reader.readVersions, stream, events),
    async stop() {
      await projections.close();
      feed.close();
      await appender.close();
    },
  };
}

async function append(
  appender: Appender,
  readVersions: (streams: readonly Stream[]) => Promise<number[]>,
  stream: Stream,
  events: readonly DomainEvent[],
): Promise<number> {
  const [version = 0] = await readVersions([stream]);
  const outcome = await appender.append({
    stream,
    expectedVersion: version,
    events: events.map((event) => ({
      ...event,
      id: randomUUID(),
      metadata: {
        commandId: randomUUID(),
        correlationId: 'test',
        actor: { id: '1', name: 'One', role: 'driver' },
      },
    })),
  });
  if (outcome.outcome !== 'appended') throw new Error(`append ended in ${outcome.outcome}`);
  return outcome.events.at(-1)?.position ?? 0;
}
