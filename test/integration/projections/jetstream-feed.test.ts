import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { connectBroker } from '../../../src/broker/connection.ts';
import { createRelay } from '../../../src/broker/relay.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createLogFeed } from '../../../src/projections/engine/log-feed.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const ever = new AbortController().signal;

/** Creates one process that appends and relays, and the feed of another process that appends nothing. */
async function createTwoProcesses(stack: AsyncDisposableStack, checkEvery: number) {
  const database = stack.use(await createDatabase());
  const nats = stack.use(await startNats());
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  stack.defer(() => pool.end());
  const connect = async (name: string) => {
    const connected = await connectBroker({ url: nats.url, namespace: 'deskwire', keys: testKeys(), name, log });
    stack.defer(() => connected.broker.close());
    return connected;
  };
  const reader = createEventReader(pool);

  const there = await connect('there');
  const appender = createAppender(pool, { maxFlushEvents: 100, maxQueuedEvents: 1_000 });
  const relay = createRelay({
    connection: there.connection,
    signals: there.broker.signals,
    appender,
    reader,
    renewEpoch: (expected) => renewEpoch(pool, expected),
    openDedicatedConnection: () => openDedicatedConnection({ connectionString: database.url }, 'relay'),
    log,
  });
  stack.defer(() => relay.close());
  let version = 0;
  const append = async (count: number) => {
    const events = Array.from({ length: count }, eventToAppend);
    await appender.append({ stream: 'user.1', expectedVersion: version, events });
    version += count;
  };
  await append(1);
  await until(() => relay.position === 1, 'the relay to work');

  const here = await connect('here');
  const readFromPostgres: number[] = [];
  const feed = createLogFeed({
    appender: { onCommitted: () => () => {} },
    reader: {
      head: reader.head,
      readLog(after, limit) {
        readFromPostgres.push(after);
        return reader.readLog(after, limit);
      },
    },
    broker: here.broker,
    log,
    checkEvery,
  });
  stack.defer(() => feed.close());
  await until(() => feed.following && feed.head === 1, 'the feed to follow');
  return {
    append,
    feed,
    readFromPostgres,
    deleteEventStream: async () => {
      const manager = await there.connection.nats.jetstreamManager();
      await manager.streams.delete(there.connection.streamName);
    },
    async expectEveryEvent() {
      const seen: number[] = [];
      while (seen.length + 1 < version) {
        const after = seen.length + 1;
        await feed.beyond(after, 60_000, ever);
        for (const event of await feed.read(after, 50)) seen.push(event.position);
      }
      expect(seen).toEqual(Array.from({ length: version - 1 }, (_, index) => index + 2));
    },
  };
}

function eventToAppend() {
  return {
    type: 'NotificationsRead' as const,
    data: { ids: [] },
    id: randomUUID(),
    metadata: { commandId: randomUUID(), correlationId: '', actor: { id: '1', name: 'One', role: 'driver' as const } },
  };
}

describe('the feed of a process that appends nothing itself', () => {
  it('has every event in order from JetStream', async () => {
    await using stack = new AsyncDisposableStack();
    // The timer fires after the end of the test, so every event arrives over JetStream.
    const processes = await createTwoProcesses(stack, 60_000);
    for (const count of [1, 30, 2, 70]) await processes.append(count);
    await processes.expectEveryEvent();
    expect(processes.readFromPostgres).toEqual([]);
  });

  it('has every event in order after JetStream has lost its stream', async () => {
    await using stack = new AsyncDisposableStack();
    const processes = await createTwoProcesses(stack, 50);
    await processes.append(10);
    await processes.deleteEventStream();
    await processes.append(10);
    await processes.expectEveryEvent();
    await until(() => processes.feed.following, 'the feed to follow the new stream');
    await processes.append(10);
    await processes.expectEveryEvent();
  });
});
