/**
 * Test that a socket that reconnects receives exactly the events that it missed, once and in order, then live events.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { disorderly, seeded } from './disorder.ts';
import { type Client, type Listener, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  driver = await signIn(node.url, 'driver');
  admin = await signIn(node.url, 'admin');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const versions = (socket: Listener): number[] => socket.all('new_message').map(({ version }) => version);
const texts = (socket: Listener): string[] => socket.all('new_message').map(({ message }) => message.message);

/** Posts messages in the ticket until stopped. Resolves with the number of messages. */
function postOn(client: Client, ticketId: string, stop: AbortSignal): Promise<number> {
  return (async () => {
    let count = 0;
    while (!stop.aborted) await post(client, ticketId, `load ${count++}`);
    return count;
  })();
}

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const options = { transports: [transport] };

  it('a socket that missed 200 messages under load receives each once, in order', async () => {
    const ticket = await openTicket(driver);
    using before = driver.connect('/', options);
    await before.ask('join_ticket', { ticketId: ticket.id });
    const seen = await post(admin, ticket.id, 'seen');
    await before.first('new_message', ({ version }) => version === seen);
    before.socket.disconnect();
    for (let at = 0; at < 200; at += 1) await post(admin, ticket.id, `missed ${at}`);
    const stop = new AbortController();
    const load = postOn(admin, ticket.id, stop.signal);
    using after = driver.connect('/', options);
    const joined = await after.ask('join_ticket', { ticketId: ticket.id, after: seen });
    expect(joined).toMatchObject({ success: true, recovered: true });
    await until(() => texts(after).filter((text) => text.startsWith('load')).length > 20, 'live messages');
    stop.abort();
    const loaded = await load;
    await until(() => texts(after).at(-1) === `load ${loaded - 1}`, 'the last message');
    const missed = Array.from({ length: 200 }, (_, at) => `missed ${at}`);
    const live = Array.from({ length: loaded }, (_, at) => `load ${at}`);
    expect(texts(after)).toEqual([...missed, ...live]);
    expect(versions(after)).toEqual(versions(after).map((_, at) => seen + 1 + at));
  });
});

it('many sockets that reconnect repeatedly under load miss no event and receive none twice', async () => {
  const ticket = await openTicket(driver);
  const stop = new AbortController();
  const load = postOn(admin, ticket.id, stop.signal);
  const clients = Array.from({ length: 8 }, async (_, index) => {
    const got: number[] = [];
    const random = seeded(index);
    for (let round = 0; round < 6; round += 1) {
      using socket = driver.connect('/', { transports: [index % 2 === 0 ? 'websocket' : 'polling'] });
      socket.socket.on('new_message', ({ version }: { version: number }) => void got.push(version));
      const joined = await socket.ask('join_ticket', { ticketId: ticket.id, after: got.at(-1) ?? 1 });
      expect(joined).toMatchObject({ success: true, recovered: true });
      await pause(random() * 60);
    }
    return got;
  });
  const all = await Promise.all(clients);
  stop.abort();
  const last = 1 + (await load);
  for (const got of all) {
    expect(got).toEqual(got.map((_, at) => 2 + at));
    using socket = driver.connect();
    await socket.ask('join_ticket', { ticketId: ticket.id, after: got.at(-1) ?? 1 });
    if ((got.at(-1) ?? 1) < last) await socket.first('new_message', ({ version }) => version === last);
    expect([...got, ...versions(socket)]).toEqual(Array.from({ length: last - 1 }, (_, at) => 2 + at));
  }
});

it('a socket that missed too much receives the latest page instead', async () => {
  await using own = await startServices();
  await using small = await startNode(own, { gateway: { replayLimit: 10, historySize: 5, ringSize: 4 } });
  const poster = await signIn(small.url, 'admin');
  const ticket = await openTicket(poster);
  for (let at = 0; at < 12; at += 1) await post(poster, ticket.id, `m${at}`);
  using socket = poster.connect();
  expect(await socket.ask('join_ticket', { ticketId: ticket.id, after: 1 })).toMatchObject({ recovered: false });
  const [page] = socket.all('messages_history');
  expect(page.messages.map(({ message }: { message: string }) => message)).toEqual(['m7', 'm8', 'm9', 'm10', 'm11']);
  expect(page.pagination).toMatchObject({ limit: 5, hasMore: true, total: 12 });
  expect(texts(socket)).toEqual([]);
  expect(await socket.ask('join_ticket', { ticketId: ticket.id, after: 5 })).toMatchObject({ recovered: true });
  expect(texts(socket)).toEqual(['m4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11']);
  await socket.ask('load_history', { ticketId: ticket.id, before: page.pagination.nextCursor, limit: 3 });
  expect(
    socket
      .all('messages_history')
      .at(-1)
      .messages.map(({ version }: { version: number }) => version),
  ).toEqual([6, 7, 8]);
});

it('events that the broker loses, doubles, delays or reorders reach sockets once and in order', async () => {
  const disorder = { lose: 0.2, double: 0.3, delay: 0.3, random: seeded(7) };
  const paces = { headCheckEvery: 100, inboxCheckEvery: 100 };
  await using own = await startServices();
  await using wild = await startNode(own, {
    gateway: { ...paces, ringSize: 8, readLimit: 7 },
    wrapBroker: (broker) => disorderly(broker, disorder),
  });
  const requester = await signIn(wild.url, 'driver');
  const poster = await signIn(wild.url, 'admin');
  const ticket = await openTicket(requester);
  using chat = requester.connect();
  using inbox = requester.connect('/notifications');
  await inbox.first('unread-count');
  await chat.ask('join_ticket', { ticketId: ticket.id });
  const sending = Array.from({ length: 300 }, (_, at) => post(poster, ticket.id, `m${at}`));
  await Promise.all(sending);
  await until(() => versions(chat).length >= 300, 'every message');
  await until(() => inbox.all('notification:new').length >= 300, 'every notification');
  expect(versions(chat)).toEqual(Array.from({ length: 300 }, (_, at) => 2 + at));
  const seqs = inbox.all('notification:new').map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, at) => seqs[0] + at));
  await until(() => inbox.all('unread-count').at(-1).count === 300, 'the right count');
});

it('when the log has a new epoch, sockets reconnect and start with a page', async () => {
  await using own = await startServices();
  await using restored = await startNode(own, { gateway: { headCheckEvery: 50 } });
  const client = await signIn(restored.url, 'driver');
  const ticket = await openTicket(client);
  using socket = client.connect();
  const { epoch, version } = await socket.ask('join_ticket', { ticketId: ticket.id });
  await renewEpoch(restored.pool, epoch);
  await until(() => socket.all('connected').length === 2, 'the socket to come back');
  const again = await socket.ask('join_ticket', { ticketId: ticket.id, after: version, epoch });
  expect(again).toMatchObject({ success: true, recovered: false });
  expect(again.epoch).not.toBe(epoch);
});

it('sockets on different nodes receive the same events', async () => {
  await using other = await startNode(services);
  const elsewhere = await signIn(other.url, 'driver');
  const ticket = await openTicket(driver);
  using here = driver.connect();
  using there = elsewhere.connect();
  using inbox = elsewhere.connect('/notifications');
  await inbox.first('unread-count');
  await here.ask('join_ticket', { ticketId: ticket.id });
  await there.ask('join_ticket', { ticketId: ticket.id });
  for (let at = 0; at < 30; at += 1) await post(at % 2 === 0 ? admin : elsewhere, ticket.id, `m${at}`);
  for (const socket of [here, there]) {
    await until(() => versions(socket).length >= 30, 'every message');
    expect(texts(socket)).toEqual(Array.from({ length: 30 }, (_, at) => `m${at}`));
  }
  await here.ask('typing_start', { ticketId: ticket.id });
  using staff = (await signIn(other.url, 'agent')).connect();
  await staff.ask('join_ticket', { ticketId: ticket.id });
  await here.ask('typing_start', { ticketId: ticket.id });
  await staff.first('user_typing');
  await until(() => inbox.all('support:message:new').length >= 15, 'every notification');
});

it('events that another node recorded during an outage of NATS arrive after the outage', async () => {
  await using database = await createDatabase();
  await using nats = await startNats({ controlled: true });
  const own = { databaseUrl: database.url, natsUrl: nats.url };
  // The interval is so long that only the reconnection can trigger the comparison.
  const paces = { headCheckEvery: 600_000, inboxCheckEvery: 600_000 };
  await using one = await startNode(own, { gateway: paces });
  await using two = await startNode(own);
  const reader = await signIn(one.url, 'driver');
  const writer = await signIn(two.url, 'admin');
  const ticket = await openTicket(reader);
  using chat = reader.connect();
  using inbox = reader.connect('/notifications');
  await inbox.first('unread-count');
  await chat.ask('join_ticket', { ticketId: ticket.id });
  await post(writer, ticket.id, 'before');
  await chat.first('new_message');
  await nats.kill();
  await until(() => !one.broker.connected && !two.broker.connected, 'both nodes to notice the outage');
  await post(writer, ticket.id, 'during');
  await post(reader, ticket.id, 'meanwhile here');
  await chat.first('new_message', ({ message }) => message.message === 'meanwhile here');
  const another = await openTicket(reader);
  using late = reader.connect();
  expect(await late.ask('join_ticket', { ticketId: another.id })).toMatchObject({ success: true });
  await post(writer, another.id, 'unannounced');
  await post(writer, ticket.id, 'last');
  await nats.start();
  await late.first('new_message', ({ message }) => message.message === 'unannounced');
  await chat.first('new_message', ({ message }) => message.message === 'last');
  expect(texts(chat)).toEqual(['before', 'during', 'meanwhile here', 'last']);
  await inbox.first('notification:new', ({ message }) => message.endsWith('last'));
});

it('a drained node sends its clients the time to come back, and they reconnect by themselves', async () => {
  await using own = await startServices();
  await using drained = await startNode(own);
  const client = await signIn(drained.url, 'driver');
  using socket = client.connect();
  using polling = client.connect('/notifications', { transports: ['polling'] });
  await Promise.all([socket.first('connected'), polling.first('connected')]);
  await drained.closeGateway();
  for (const one of [socket, polling]) {
    expect(await one.first('server:draining')).toEqual({ retryAfter: 0 });
    await until(() => !one.socket.connected, 'the end of the connection');
    expect(one.socket.active).toBe(true);
  }
});
