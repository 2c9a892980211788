/** The NATS users of `deploy/nats.conf`, on a real nats-server: each can do its work, and not the others'. */
import { connect, type NatsConnection } from 'nats';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerConnection } from '../../../src/broker/broker-connection.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { createRelay } from '../../../src/broker/relay.ts';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import type { Appender } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { messageAppend } from '../../support/events.ts';
import { createDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { type DeployedNats, type NatsUser, startDeployedNats } from './nats-users.ts';

const log = pino({ level: 'silent' });
const resources = new AsyncDisposableStack();
const brokers = new Map<NatsUser, { broker: Broker; connection: BrokerConnection }>();
let nats: DeployedNats;
let appender: Appender;

beforeAll(async () => {
  nats = resources.use(await startDeployedNats());
  for (const user of ['relay', 'node', 'gateway'] as const) {
    const connected = await connectBroker({
      url: nats.urlOf(user),
      namespace: 'deskwire',
      keys: testKeys(),
      name: user,
      log,
    });
    resources.defer(() => connected.broker.close());
    brokers.set(user, connected);
  }
  const database = { connectionString: resources.use(await createDatabase()).url };
  const pool = new pg.Pool(database);
  // Dropping the database may overtake the goodbye of an idle connection.
  pool.on('error', () => undefined);
  resources.defer(() => pool.end());
  appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 5_000 });
  resources.defer(() => appender.close());
  const { broker, connection } = as('relay');
  const relay = createRelay({
    ...{ connection, signals: broker.signals, appender, reader: createEventReader(pool), log },
    renewEpoch: (expected) => renewEpoch(pool, expected),
    openDedicatedConnection: () => openDedicatedConnection(database, 'test relay'),
  });
  resources.defer(() => relay.close());
});
afterAll(() => resources.disposeAsync());

function as(user: NatsUser) {
  const connected = brokers.get(user);
  if (connected === undefined) throw new Error(`${user} is not connected`);
  return connected;
}

describe('the users of a deployment', () => {
  it('relay publishes the log, from a new stream and from one that was deleted', async () => {
    await appender.append(messageAppend('ticket.1', 0));
    const manager = await as('relay').connection.nats.jetstreamManager({ checkAPI: false });
    const last = async () => (await manager.streams.info('deskwire-events')).state.last_seq;
    await until(async () => (await last()) === 1, 'the first event in the stream');
    await manager.streams.delete('deskwire-events');
    await until(async () => (await last()) === 1, 'the stream to be backfilled');
  });

  it('node follows the log through JetStream, and hears it live; gateway hears it live', async () => {
    const heard = new Map<string, RecordedEvent[]>();
    const hear = (who: string) => {
      const events: RecordedEvent[] = [];
      heard.set(who, events);
      return (more: readonly RecordedEvent[]) => void events.push(...more);
    };
    const follower = as('node').broker.followLog(0, hear('follower'));
    for (const user of ['node', 'gateway'] as const) {
      const tell = hear(user);
      const subscription = as(user).broker.live.subscribe('ticket.2', (event) => tell([event]));
      await subscription.ready;
    }
    await appender.append(messageAppend('ticket.2', 0));
    const counts = () => Object.fromEntries([...heard].map(([who, events]) => [who, events.length]));
    await until(() => Object.values(counts()).every((count) => count > 0), `all to hear: ${JSON.stringify(counts())}`);
    await until(() => heard.get('follower')?.at(-1)?.stream === 'ticket.2', 'the follower to come to the end');
    follower.close();
  });

  it.each([
    ['relay', 'gateway'],
    ['gateway', 'node'],
    ['node', 'relay'],
  ] as const)('%s signals to %s', async (from, to) => {
    const received: unknown[] = [];
    await as(to).broker.signals.subscribe(['inbox', 'a.b'], (payload) => received.push(payload)).ready;
    as(from).broker.signals.publish(['inbox', 'a.b'], from);
    await until(() => received.includes(from), 'the signal');
  });

  it.each([
    ['node', 'gateway'],
    ['gateway', 'node'],
  ] as const)('%s asks %s, which answers', async (asks, answers) => {
    const { nats: server } = as(answers).connection;
    const subject = `deskwire.requests.node.${answers}`;
    server.subscribe(subject, { callback: (_error, message) => void message.respond('here') });
    await server.flush();
    expect((await as(asks).connection.nats.request(subject)).string()).toBe('here');
  });

  it.each([
    ['gateway', 'node'],
    ['node', 'gateway'],
  ] as const)('%s puts a notice on the board that %s hears, and reads there', async (from, to) => {
    const heard: string[] = [];
    const options = { keptFor: 30_000, onPut: (text: string) => void heard.push(text) };
    const [board, other] = [as(from).broker.board('presence', options), as(to).broker.board('presence', options)];
    await other.ready;
    await board.put(`of-${from}`, from);
    await until(() => heard.includes(from), 'the notice');
    expect(await other.read()).toContain(from);
    await board.remove(`of-${from}`);
    expect(await other.read()).not.toContain(from);
    board.close();
    other.close();
  });

  it('none of them was refused anything so far', async () => {
    expect((await nats.log()).split('\n').filter((line) => /violation/i.test(line))).toEqual([]);
  });

  it('nobody else gets in', async () => {
    const wrong = nats.urlOf('node').replace('node-password', 'guess');
    await expect(
      connectBroker({ url: wrong, namespace: 'deskwire', keys: testKeys(), name: 'x', log }),
    ).rejects.toThrow(/AUTHORIZATION/i);
  });

  it.each([
    ['relay', 'publish', 'deskwire.live.ticket.1.public'],
    ['relay', 'publish', '$JS.API.STREAM.CREATE.other'],
    ['relay', 'subscribe', 'deskwire.live.ticket.1.internal'],
    ['node', 'publish', 'deskwire.events.ticket.1.public'],
    ['node', 'publish', 'deskwire.live.ticket.1.public'],
    ['node', 'publish', '$JS.API.STREAM.DELETE.deskwire-events'],
    ['node', 'publish', '$JS.API.STREAM.PURGE.deskwire-events'],
    ['gateway', 'publish', 'deskwire.events.ticket.1.public'],
    ['gateway', 'publish', 'deskwire.live.ticket.1.public'],
    ['gateway', 'publish', '$JS.API.CONSUMER.CREATE.deskwire-events'],
    ['gateway', 'publish', '$JS.API.STREAM.MSG.GET.deskwire-events'],
    ['gateway', 'subscribe', 'deskwire.events.>'],
    ['gateway', 'subscribe', '>'],
  ] as const)('%s may not %s %s', async (user, act, subject) => {
    const { hostname, port } = new URL(nats.urlOf(user));
    const connection: NatsConnection = await connect({
      servers: `${hostname}:${port}`,
      user,
      pass: `${user}-password`,
    });
    try {
      const refused = refusals(connection);
      if (act === 'publish') connection.publish(subject);
      else connection.subscribe(subject);
      await until(() => refused.length > 0, 'the refusal');
      expect(refused.join()).toMatch(/permissions violation/i);
    } finally {
      await connection.close();
    }
  });
});

function refusals(connection: NatsConnection): string[] {
  const seen: string[] = [];
  void (async () => {
    for await (const { type, data, permissionContext } of connection.status()) {
      if (type === 'error') seen.push(permissionContext ? 'permissions violation' : String(data));
    }
  })();
  return seen;
}
