import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type JetStreamManager, type NatsConnection } from 'nats';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BrokerConnection } from '../../../src/broker/broker-connection.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { publishBatch } from '../../../src/broker/publisher.ts';
import { createRelay, type Relay } from '../../../src/broker/relay.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import {
  type DedicatedConnectionOptions,
  openDedicatedConnection,
  PING_EVERY,
} from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { messageAppend } from '../../support/events.ts';
import { type ControlledNats, createDatabase, startNats, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const STREAM = 'deskwire-events';

/** One process of a deployment: its own connections, appender and relay. */
interface Node {
  readonly broker: Broker;
  readonly connection: BrokerConnection;
  readonly appender: Appender;
  readonly reader: EventReader;
  readonly relay: Relay;
  /** Positions that this node's relay read from Postgres. */
  readonly reads: number[];
  /** That its relay opened so far. */
  sessions: number;
  /** While true, its relay finds nothing in Postgres. */
  blind: boolean;
  close(): Promise<void>;
}

let database: TestDatabase;
let nats: ControlledNats;
let observer: NatsConnection;
let manager: JetStreamManager;
let nodes: Node[];

beforeEach(async () => {
  [database, nats] = await Promise.all([createDatabase(), startNats({ controlled: true })]);
  observer = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  manager = await observer.jetstreamManager({ timeout: 500 });
  nodes = [];
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await observer.close();
  await nats[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function startNode(databaseUrl = database.url, session: DedicatedConnectionOptions = {}): Promise<Node> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 });
  pool.on('error', () => undefined);
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
  const reader = createEventReader(pool);
  const { broker, connection } = await connectBroker({ url: nats.url, namespace: 'deskwire', name: 'test', log });
  const reads: number[] = [];
  const relay = createRelay({
    connection,
    signals: broker.signals,
    appender,
    reader: {
      head: reader.head,
      async readLog(after, limit) {
        const events = node.blind ? [] : await reader.readLog(after, limit);
        reads.push(...events.map((event) => event.position));
        return events;
      },
    },
    renewEpoch: (expected) => renewEpoch(pool, expected),
    async openDedicatedConnection() {
      node.sessions += 1;
      return openDedicatedConnection({ connectionString: databaseUrl }, 'relay', session);
    },
    log,
  });
  const node: Node = {
    broker,
    connection,
    appender,
    reader,
    relay,
    reads,
    sessions: 0,
    blind: false,
    async close() {
      nodes = nodes.filter((other) => other !== node);
      await appender.close();
      await relay.close();
      await broker.close();
      await pool.end();
    },
  };
  nodes.push(node);
  return node;
}

async function append(node: Node, count: number): Promise<RecordedEvent[]> {
  const outcomes = await Promise.all(
    Array.from({ length: count }, () => node.appender.append(messageAppend(`ticket.${randomUUID()}`, 0))),
  );
  return outcomes.flatMap((outcome) => (outcome.outcome === 'appended' ? outcome.events : []));
}

/** What JetStream holds, by sequence. */
async function stored(): Promise<RecordedEvent[]> {
  const { state } = await manager.streams.info(STREAM);
  const events: RecordedEvent[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq += 1) {
    const message = await manager.streams.getMessage(STREAM, { seq });
    expect(message.seq).toBe(message.json<RecordedEvent>().position);
    events.push(message.json<RecordedEvent>());
  }
  return events;
}

async function untilStored(position: number): Promise<void> {
  await until(async () => (await manager.streams.info(STREAM)).state.last_seq === position, `position ${position}`);
}

describe('the relay', () => {
  it('publishes its own commits from memory, each as the sequence that is its position', async () => {
    const node = await startNode();
    await append(node, 1);
    await untilStored(1);
    node.blind = true;
    const events = await append(node, 300);
    await untilStored(301);
    expect((await stored()).slice(1)).toEqual(events.toSorted((a, b) => a.position - b.position));
    expect(node.relay.position).toBe(301);
  });

  it('reads what others committed from Postgres, woken by their hint', async () => {
    const leader = await startNode();
    await until(() => leader.relay.leading, 'a leader');
    const other = await startNode();
    await append(other, 50);
    await untilStored(50);
    expect(other.relay.leading).toBe(false);
    expect(leader.reads).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('notices by its timer what nobody gave a hint of', async () => {
    const leader = await startNode();
    await append(leader, 1);
    await untilStored(1);
    const pool = new pg.Pool({ connectionString: database.url });
    await createAppender(pool, { maxFlushEvents: 1, maxQueuedEvents: 1 }).append(messageAppend('ticket.quiet', 0));
    await pool.end();
    await untilStored(2);
  });

  it('puts interleaved commits of several processes in log order', async () => {
    const pair = [await startNode(), await startNode()];
    await Promise.all(Array.from({ length: 20 }, (_, i) => append(pair[i % 2] as Node, 10)));
    await untilStored(200);
    expect((await stored()).map((event) => event.position)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it('hands over to another process when its session is lost, and JetStream refuses what it still tries', async () => {
    const [first, second] = [await startNode(), await startNode()];
    await until(() => first.relay.leading || second.relay.leading, 'a leader');
    const leader = first.relay.leading ? first : second;
    const follower = leader === first ? second : first;
    const [event] = await append(leader, 1);
    await untilStored(1);
    await leader.relay.close();
    await until(() => follower.relay.leading, 'the other to lead');
    await append(follower, 5);
    await untilStored(6);
    await expect(publishBatch(leader.connection, [event as RecordedEvent])).rejects.toThrow('wrong last sequence');
    const later = { ...(event as RecordedEvent), position: 9 };
    await expect(publishBatch(leader.connection, [later])).rejects.toThrow('wrong last sequence');
    expect((await stored()).map((one) => one.position)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('loses the lead with its database connection and takes it again', async () => {
    const node = await startNode();
    await append(node, 3);
    await untilStored(3);
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'relay'`);
    await admin.end();
    await append(node, 3);
    await untilStored(6);
  });

  it('keeps its session, and with it the lead, while it publishes without a pause', async () => {
    const idleTimeout = 1.5 * PING_EVERY;
    const node = await startNode(database.url, { idleTimeout });
    await until(() => node.relay.leading, 'the relay to lead');
    const began = performance.now();
    // Every commit wakes it, so that its timer never runs out.
    while (performance.now() - began < 2 * idleTimeout) {
      await append(node, 1);
      await sleep(20);
    }
    expect([node.relay.leading, node.sessions]).toEqual([true, 1]);
  });

  it('takes over from a leader that hangs, long before six seconds are over', async () => {
    const node = await startNode();
    await until(() => node.relay.leading, 'the relay to lead');
    await node.close();
    nodes = [];
    const url = { connectionString: database.url };
    // Holds the lock and says nothing any more, as a process that was stopped; and one that may be silent for longer.
    await using patient = await openDedicatedConnection(url, 'patient', { idleTimeout: 6_000 });
    await using hanging = await openDedicatedConnection(url, 'hanging relay');
    expect(await hanging.tryLock('relay')).toBe(true);
    const next = await startNode();
    await until(() => next.relay.leading, 'the relay to lead');
    expect(patient.lost.aborted).toBe(false);
  });

  it('fills a deleted stream again from the log', async () => {
    const node = await startNode();
    const events = await append(node, 40);
    await untilStored(40);
    await manager.streams.delete(STREAM);
    await untilStored(40);
    expect(await stored()).toEqual(events.toSorted((a, b) => a.position - b.position));
    await manager.streams.delete(STREAM);
    await append(node, 10);
    await untilStored(50);
  });

  it('goes on after nats-server was killed and started again', async () => {
    const node = await startNode();
    await append(node, 10);
    await untilStored(10);
    await nats.kill();
    await append(node, 10);
    await until(() => !node.broker.connected, 'the connection to be known as lost');
    await nats.start();
    await untilStored(20);
    expect((await stored()).map((event) => event.position)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('starts a new epoch when JetStream has seen more than the log holds', async () => {
    const node = await startNode();
    await append(node, 20);
    await untilStored(20);
    const before = await node.reader.head();
    await node.close();
    await restoreBackup(12);
    const restored = await startNode();
    const epochs: unknown[] = [];
    restored.broker.signals.subscribe(['epoch'], (payload) => epochs.push(payload));
    await untilStored(12);
    const after = await restored.reader.head();
    expect(after.epoch).not.toBe(before.epoch);
    await append(restored, 3);
    await untilStored(15);
    const { config } = await manager.streams.info(STREAM);
    expect(config.description).toContain(after.epoch);
  });

  it('starts a new epoch when the log holds something else at the position that JetStream ends with', async () => {
    const node = await startNode();
    await append(node, 20);
    await untilStored(20);
    const before = await node.reader.head();
    await node.close();
    await restoreBackup(12);
    const pool = new pg.Pool({ connectionString: database.url });
    const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 500 });
    for (let i = 0; i < 9; i += 1) await appender.append(messageAppend(`ticket.${randomUUID()}`, 0));
    await pool.end();
    const restored = await startNode();
    await untilStored(21);
    expect((await restored.reader.head()).epoch).not.toBe(before.epoch);
    expect(await stored()).toEqual(await restored.reader.readLog(0, 100));
  });

  it('begins a new stream when somebody else began a new epoch, also while it publishes without a pause', async () => {
    const node = await startNode();
    await append(node, 5);
    await untilStored(5);
    const pool = new pg.Pool({ connectionString: database.url });
    const epoch = await renewEpoch(pool, (await node.reader.head()).epoch);
    await pool.end();
    let told = false;
    const load = (async () => {
      while (!told) await append(node, 1);
    })();
    node.broker.signals.publish(['epoch'], { epoch });
    const ofEpoch = async () => (await manager.streams.info(STREAM)).config.description?.includes(epoch);
    await until(ofEpoch, 'a stream of the new epoch').finally(() => {
      told = true;
    });
    await load;
    await untilStored((await node.reader.head()).position);
    expect(await stored()).toEqual(await node.reader.readLog(0, 10_000));
  });

  /** What a restored backup looks like: everything after `position` never happened. */
  async function restoreBackup(position: number): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('delete from deskwire.events where position > $1', [position]);
    await client.query('update deskwire.log_head set position = $1', [position]);
    await client.end();
  }
});

describe('the broker', () => {
  it('delivers the events of one stream live, from memory at once and from others through JetStream, once each', async () => {
    const [here, there] = [await startNode(), await startNode()];
    here.appender.onCommitted((events) => here.broker.live.deliver(events));
    const heard: number[] = [];
    // An id that would be a wildcard if it were not encoded.
    const stream = 'ticket.*.>' as const;
    const subscription = here.broker.live.subscribe(stream, (event) => heard.push(event.version));
    const others: string[] = [];
    here.broker.live.subscribeKind('user', (event) => others.push(event.stream));
    await subscription.ready;
    await here.appender.append(messageAppend(stream, 0));
    expect(heard).toEqual([1]);
    await there.appender.append(messageAppend(stream, 1));
    await there.appender.append(messageAppend('ticket.another', 0));
    await there.appender.append(messageAppend('user.7', 0));
    await until(() => others.length > 0, 'the event of the user');
    expect(heard).toEqual([1, 2]);
    expect(others).toEqual(['user.7']);
    subscription.close();
    await there.appender.append(messageAppend(stream, 2));
    await there.appender.append(messageAppend('user.8', 0));
    await until(() => others.length > 1, 'the next event of a user');
    expect(heard).toEqual([1, 2]);
  });

  it('passes signals to listeners here and elsewhere, once each', async () => {
    const [here, there] = [await startNode(), await startNode()];
    const heard: string[] = [];
    const listen = (node: Node, name: string) =>
      node.broker.signals.subscribe(['inbox', 'a.b *'], (payload) => heard.push(`${name} ${JSON.stringify(payload)}`));
    const subscriptions = [listen(here, 'here'), listen(there, 'there')];
    await Promise.all(subscriptions.map((subscription) => subscription.ready));
    here.broker.signals.publish(['inbox', 'a.b *'], { n: 1 });
    expect(heard).toEqual(['here {"n":1}']);
    here.broker.signals.publish(['inbox', 'a.b'], { n: 2 });
    there.broker.signals.publish(['inbox', 'a.b *'], { n: 3 });
    await until(() => heard.length === 4, 'all signals');
    expect(heard.toSorted()).toEqual(['here {"n":1}', 'here {"n":3}', 'there {"n":1}', 'there {"n":3}']);
  });

  it('follows the log from any position', async () => {
    const node = await startNode();
    const events = (await append(node, 30)).toSorted((a, b) => a.position - b.position);
    await untilStored(30);
    const followed: RecordedEvent[] = [];
    const follower = node.broker.followLog(20, (batch) => followed.push(...batch));
    await until(() => followed.length === 10, 'ten events');
    await append(node, 5);
    await until(() => followed.length === 15, 'five more');
    expect(followed.slice(0, 10)).toEqual(events.slice(20));
    follower.close();
    await follower.done;
  });

  it('ends following when the stream is gone', async () => {
    const node = await startNode();
    await append(node, 3);
    await untilStored(3);
    const followed: RecordedEvent[] = [];
    const follower = node.broker.followLog(0, (batch) => followed.push(...batch));
    await until(() => followed.length === 3, 'three events');
    await node.relay.close();
    await manager.streams.delete(STREAM);
    await follower.done;
    await node.broker.followLog(0, () => undefined).done;
  });

  it('tells when it was reconnected, and its subscriptions live on', async () => {
    const [here, there] = [await startNode(), await startNode()];
    let reconnections = 0;
    here.broker.onReconnected(() => {
      reconnections += 1;
    });
    const heard: unknown[] = [];
    here.broker.signals.subscribe(['x'], (payload) => heard.push(payload));
    await nats.stop();
    await until(() => !here.broker.connected && !there.broker.connected, 'both to notice');
    there.broker.signals.publish(['x'], 'lost');
    const late = here.broker.signals.subscribe(['y'], (payload) => heard.push(payload));
    await nats.start();
    await late.ready;
    await until(() => reconnections === 1 && there.broker.connected, 'the reconnection');
    there.broker.signals.publish(['y'], 'heard');
    await until(() => heard.length > 0, 'a signal');
    expect(heard).toEqual(['heard']);
  });
});
