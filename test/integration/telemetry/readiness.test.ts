/** Causes each failure of `/readyz`. Outages of database and broker are tested in `outages`. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BrokerConnection } from '../../../src/broker/broker-connection.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { createRelay, type Relay } from '../../../src/broker/relay.ts';
import type { NewEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import type { Appender } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createLogFeed, type LogFeed } from '../../../src/projections/engine/log-feed.ts';
import { createReadModels, type Projections, startProjections } from '../../../src/projections/projections.ts';
import { readinessChecks } from '../../../src/runtime/readiness.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { messageEvent } from '../../support/events.ts';
import { type ControlledNats, createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const MAX_LAG = 50;
const resources = new AsyncDisposableStack();
let nats: ControlledNats;
let pool: pg.Pool;
let broker: Broker;
let connection: BrokerConnection;
let appender: Appender;
let relay: Relay;
let feed: LogFeed;
let projections: Projections;

beforeAll(async () => {
  const database = { connectionString: resources.use(await createDatabase()).url };
  nats = resources.use(await startNats({ controlled: true }));
  pool = new pg.Pool(database);
  // The database may be dropped before an idle connection has closed.
  pool.on('error', () => undefined);
  resources.defer(() => pool.end());
  appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 5_000 });
  resources.defer(() => appender.close());
  ({ broker, connection } = await connectBroker({
    url: nats.url,
    namespace: 'deskwire',
    keys: testKeys(),
    name: 'test',
    log,
  }));
  resources.defer(() => broker.close());
  const reader = createEventReader(pool);
  relay = createRelay({
    ...{ connection, signals: broker.signals, appender, reader, log },
    renewEpoch: (expected) => renewEpoch(pool, expected),
    openDedicatedConnection: () => openDedicatedConnection(database, 'test relay'),
  });
  resources.defer(() => relay.close());
  await createReadModels(database);
  feed = createLogFeed({ appender, reader, broker, log });
  resources.defer(() => feed.close());
  projections = startProjections({ database, feed, signals: broker.signals, pool, log });
  resources.defer(() => projections.close());
});
afterAll(() => resources.disposeAsync());

/** The failed checks with their reasons. */
async function failing(): Promise<Record<string, string>> {
  const checks = readinessChecks({
    ...{ pool, broker, projections, relay },
    draining: () => false,
    head: () => feed.head,
    maxLag: MAX_LAG,
  });
  const problems: Record<string, string> = {};
  for (const { name, check } of checks) {
    await check(AbortSignal.timeout(2_000)).catch((error: Error) => {
      problems[name] = error.message;
    });
  }
  return problems;
}

const untilReady = () => until(async () => Object.keys(await failing()).length === 0, 'everything to be well');

/** Events that the read model of references has to write. */
async function record(name: string): Promise<void> {
  const appends = Array.from({ length: MAX_LAG + 1 }, (_, at) => {
    const { metadata } = messageEvent('');
    const data = { type: 'station' as const, id: `${name}-${at}`, name };
    const event: NewEvent = { id: randomUUID(), type: 'ReferenceSet', data, metadata };
    return appender.append({ stream: `reference.station-${name}-${at}`, expectedVersion: 0, events: [event] });
  });
  await Promise.all(appends);
}

it('is red while migrations are pending', async () => {
  await untilReady();
  const { rows } = await pool.query(
    'delete from deskwire.migrations where name = (select max(name) from deskwire.migrations) returning name, timestamp',
  );
  expect(await failing()).toEqual({ migrations: `migrations are pending: ${rows[0].name}` });
  await pool.query('insert into deskwire.migrations (name, timestamp) values ($1, $2)', [
    rows[0].name,
    rows[0].timestamp,
  ]);
  await untilReady();
});

it('is red while a read model is far behind', async () => {
  await untilReady();
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query("select from deskwire.projections where name = 'references' for update");
    await record('first');
    await record('second');
    // Other read models may lag for a moment; this one keeps lagging.
    await until(
      async () => /^projection references is \d+ events behind$/.test((await failing()).projections ?? ''),
      'the lag to be told',
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
  await untilReady();
});

it('is red while JetStream is far behind, before the loss of the broker is noticed', async () => {
  await until(() => relay.leading, 'the relay to lead');
  await untilReady();
  await nats.pause();
  await record('third');
  const problem = await until(async () => (await failing()).relay, 'the lag to be told');
  expect(problem).toMatch(/^JetStream is \d+ events behind the log$/);
  await nats.resume();
  await untilReady();
});
