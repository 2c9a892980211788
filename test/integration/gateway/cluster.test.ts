/**
 * Test two nodes through clients of both: presence, typing, socket pushes and control reach the sockets of both nodes.
 */
import { connect } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ControlledNats, createDatabase, startNats, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, signIn, startNode } from './rig.ts';

let database: TestDatabase;
let nats: ControlledNats;
let here: Node;
let there: Node;
let driver: { here: Client; there: Client };
let agent: { here: Client; there: Client };
let admin: { here: Client; there: Client };
let service: Client;
let sockets: Listener[] = [];

beforeAll(async () => {
  [database, nats] = await Promise.all([createDatabase(), startNats({ controlled: true })]);
  here = await start();
  there = await start();
  const on = async (name: string) => ({ here: await signIn(here.url, name), there: await signIn(there.url, name) });
  [driver, agent, admin] = [await on('driver'), await on('agent'), await on('admin')];
  service = await signIn(here.url, 'service');
});
afterAll(async () => {
  await there?.[Symbol.asyncDispose]();
  await here?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});
beforeEach(() => until(async () => (await status()).nodes === 2, 'the nodes to count each other'));
afterEach(async () => {
  for (const socket of sockets) socket[Symbol.dispose]();
  sockets = [];
  await until(async () => (await status()).users === 0, 'no user to be connected');
});

/** With this `keptFor`, notices are published again every two seconds. */
const start = () =>
  startNode(
    { databaseUrl: database.url, natsUrl: nats.url },
    { presencePaces: { silentAfter: 5_000, keptFor: 6_000 }, gateway: { registrationTimeout: 50 } },
  );

async function connected(client: Client, namespace = '/'): Promise<Listener> {
  const socket = client.connect(namespace);
  sockets.push(socket);
  await socket.first('connected');
  return socket;
}

async function inTicket(client: Client, ticketId: string): Promise<Listener> {
  const socket = await connected(client);
  await socket.ask('join_ticket', { ticketId });
  return socket;
}

const status = async () => (await service.send('GET', '/websocket/status')).body;
const send = async (path: string, body: object = { n: 1 }) => {
  const answer = await service.send('POST', `/websocket/${path}`, body);
  return answer.status === 202 ? answer.body.delivered : answer.status;
};
/** The presence events that a socket received. */
const seen = ({ heard }: Listener) =>
  heard.flatMap(({ name, payload }) => (/^user_(joined|left)$/.test(name) ? [[name, payload.userId]] : []));
/** The ids of online participants, as a node's API answers. */
const online = async (client: Client, ticketId: string): Promise<string[]> => {
  const { body } = await client.send('GET', `/api/tickets/${ticketId}/chat/participants`);
  return body.participants
    .filter((one: { online: boolean }) => one.online)
    .map(({ userId }: { userId: string }) => userId);
};
const joined = ['user_joined', '1'];
const left = ['user_left', '1'];

describe('presence', () => {
  it('of a user on two nodes begins and ends once, for members on both nodes', async () => {
    const { id } = await openTicket(driver.here);
    const watchers = [await inTicket(agent.here, id), await inTicket(agent.there, id)];
    const one = await inTicket(driver.here, id);
    for (const watcher of watchers) await until(() => seen(watcher).length === 1, 'the first user_joined');
    const two = await inTicket(driver.there, id);
    // The admin joins after the driver's second device, so an event for that device would arrive first.
    await inTicket(admin.there, id);
    for (const watcher of watchers) await until(() => seen(watcher).length === 2, 'the second user_joined');
    one.socket.disconnect();
    await until(
      async () => (await service.send('GET', '/websocket/clients/user:1/status')).body.connections === 1,
      'one',
    );
    await two.ask('leave_ticket', { ticketId: id });
    for (const watcher of watchers) {
      await until(() => seen(watcher).length > 2, 'user_left');
      expect(seen(watcher)).toEqual([joined, ['user_joined', '2'], left]);
    }
    for (const client of [agent.here, agent.there]) expect(await online(client, id)).toContain('1');
    two.socket.disconnect();
    for (const client of [agent.here, agent.there]) {
      await until(async () => !(await online(client, id)).includes('1'), 'the driver to be offline');
    }
  });

  it('is the same after an outage of the broker, and no events are sent meanwhile', async () => {
    const { id } = await openTicket(driver.here);
    const watcher = await inTicket(agent.here, id);
    await inTicket(driver.there, id);
    await until(() => seen(watcher).length === 1, 'user_joined');
    await nats.stop();
    await until(() => !here.broker.connected && !there.broker.connected, 'both nodes to notice the outage');
    const other = await inTicket(driver.there, id);
    other.socket.disconnect();
    await nats.start();
    await until(async () => (await status()).nodes === 2, 'the nodes to count each other');
    const late = await inTicket(driver.here, id);
    late.socket.disconnect();
    await until(async () => (await kept(nats.url)) > 0, 'the board to be published again');
    expect(seen(watcher)).toEqual([joined]);
  });

  it('survives the deletion of its board', async () => {
    const { id } = await openTicket(driver.here);
    const watcher = await inTicket(agent.here, id);
    await inTicket(driver.there, id);
    await until(() => seen(watcher).length === 1, 'user_joined');
    await withJetStream(nats.url, (manager) => manager.streams.delete(BOARD));
    await until(async () => (await kept(nats.url)) >= 2, 'the board to be published again');
    await using third = await start();
    const client = await signIn(third.url, 'agent');
    await until(async () => (await online(client, id)).includes('1'), 'a new node to read the presence');
    expect(seen(watcher)).toEqual([joined]);
  });
});

describe('typing', () => {
  it('is shown on the other node, and ends when the typist disconnects', async () => {
    const { id } = await openTicket(driver.here);
    const watcher = await inTicket(agent.here, id);
    const typist = await inTicket(driver.there, id);
    await typist.ask('typing_start', { ticketId: id });
    expect(await watcher.first('user_typing')).toMatchObject({ userId: '1' });
    typist.socket.disconnect();
    expect(await watcher.first('user_stopped_typing')).toMatchObject({ userId: '1' });
  });
});

describe('an event sent through one node', () => {
  it('reaches the sockets of both nodes, and the answer counts them', async () => {
    const ticket = await openTicket(driver.here);
    const far = await inTicket(driver.there, ticket.id);
    const near = await inTicket(agent.here, ticket.id);
    for (const socket of [far, near]) await socket.ask('joinRoom', { room: 'hall' });
    expect(await send(`event/client/${far.socket.id}/one`)).toBe(1);
    expect(await send('event/client/user:1/two')).toBe(1);
    expect(await send('event/users/three', { userIds: ['1', '4', '7'], data: 1 })).toBe(2);
    expect(await send('event/room/hall/four')).toBe(2);
    expect(await send('event/room/hall/five?excludeUserId=4')).toBe(1);
    expect(await send(`event/ticket/${ticket.number}/six`)).toBe(2);
    expect(await send('event/broadcast/seven')).toBe(2);
    expect(await send('event/broadcast/eight?excludeUserId=1')).toBe(1);
    await far.first('seven');
    await near.first('eight');
    const own = ({ heard }: Listener) =>
      heard.map(({ name }) => name).filter((name) => /^(one|two|three|four|five|six|seven|eight)$/.test(name));
    expect(own(far)).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'seven']);
    expect(own(near)).toEqual(['three', 'four', 'six', 'seven', 'eight']);
    expect(await send('event/client/no-such-socket/nine')).toBe(404);
  });

  it('reaches the other node as a room message and as a broadcast, too', async () => {
    const far = await connected(driver.there);
    const near = await connected(agent.here);
    for (const socket of [far, near]) await socket.ask('joinRoom', { room: 'hall' });
    await near.ask('roomMessage', { room: 'hall', message: 'hello' });
    expect(await far.first('roomMessage')).toMatchObject({ message: 'hello', userId: '4' });
    await near.ask('message', { text: 'to all' });
    expect(await far.first('messageBroadcast')).toMatchObject({ message: { text: 'to all' }, userId: '4' });
  });
});

describe('the list of connected clients', () => {
  it('has the clients of both nodes, in pages', async () => {
    const all = await Promise.all(
      [driver.here, driver.there, agent.here, agent.there, driver.there].map((client) => connected(client)),
    );
    const last = all.at(-1);
    await last?.ask('joinRoom', { room: 'hall' });
    await until(async () => (await status()).rooms === 1, 'the room to be counted');
    expect(await status()).toEqual({ connections: 5, users: 2, rooms: 1, nodes: 2, uptime: expect.any(Number) });
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await service.send('GET', `/websocket/clients?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(body.clients.length).toBeLessThanOrEqual(2);
      ids.push(...body.clients.map(({ clientId }: { clientId: string }) => clientId));
      cursor = body.nextCursor;
    }
    expect(ids).toEqual(all.map(({ socket }) => socket.id).sort());
    const one = await service.send('GET', `/websocket/clients/${last?.socket.id}/status`);
    expect(one.body).toMatchObject({ connected: true, clients: [{ userId: '1', rooms: ['hall'] }] });
    expect((await service.send('GET', '/websocket/clients/user:1/status')).body.connections).toBe(3);
  });
});

describe('an admin', () => {
  it('disconnects one client, or all clients of a user, on any node', async () => {
    const one = await connected(driver.there);
    const others = [await connected(driver.here), await connected(driver.there, '/support')];
    const stays = await connected(agent.there);
    const kick = async (client: string) => {
      const { status, body } = await admin.here.send('DELETE', `/websocket/clients/${client}`);
      return [status, body.delivered];
    };
    expect(await kick(String(one.socket.id))).toEqual([202, 1]);
    expect(await one.first('error')).toMatchObject({ type: 'forbidden' });
    await until(() => !one.socket.connected, 'the client to be disconnected');
    expect(others.every(({ socket }) => socket.connected)).toBe(true);
    expect(await kick('user:1')).toEqual([202, 2]);
    await until(() => others.every(({ socket }) => !socket.connected), 'all clients to be disconnected');
    expect(stays.socket.connected).toBe(true);
    expect(await kick('user:1')).toEqual([202, 0]);
    expect((await kick('no-such-socket'))[0]).toBe(404);
    expect((await kick('user:nobody'))[0]).toBe(404);
    expect((await service.send('DELETE', '/websocket/clients/user:4')).status).toBe(403);
  });

  it('who deactivates a user ends the user’s sockets on every node', async () => {
    const { body: guest } = await admin.here.send('POST', '/api/v1/users', GUEST);
    const guests = await Promise.all(
      [here, there].map(async ({ url }) => connected(await signIn(url, 'guest', GUEST.password))),
    );
    await admin.here.send('PATCH', `/api/v1/users/${guest.id}`, { active: false });
    for (const { socket } of guests) await until(() => !socket.connected, 'the sockets to be disconnected');
  });
});

const GUEST = { name: 'guest', role: 'customer', email: 'guest@example.com', password: 'kettle on thursday' };
const BOARD = 'KV_deskwire-presence';

async function withJetStream<T>(
  url: string,
  then: (manager: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['jetstreamManager']>>) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: new URL(url).host });
  try {
    return await then(await connection.jetstreamManager());
  } finally {
    await connection.close();
  }
}

/** The number of notices on the board. */
function kept(url: string): Promise<number> {
  return withJetStream(url, async (manager) => (await manager.streams.info(BOARD)).state.messages);
}
