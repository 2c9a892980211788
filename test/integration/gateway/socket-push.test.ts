/** Test socket pushes: events sent over HTTP to connected sockets. Source: docs/protocol.md section 6. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { catalogOf } from '../../../src/gateway/dialects/catalog.ts';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let driver2: Client;
let service: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  [driver, driver2, service] = (await Promise.all(
    ['driver', 'driver2', 'service'].map((name) => signIn(node.url, name)),
  )) as [Client, Client, Client];
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const news = { type: 'info', title: 'News', message: 'There is news', data: { n: 1 } };
async function send(path: string, body: object = { n: 1 }) {
  const { status, body: answer } = await service.send('POST', `/websocket/${path}`, body);
  return { status, body: answer };
}
const delivered = (n: number) => ({ status: 202, body: { delivered: n } });

async function connected(client: Client, namespace = '/'): Promise<Listener> {
  const socket = client.connect(namespace);
  await socket.first('connected');
  return socket;
}

describe('an event', () => {
  it('reaches one socket, or all sockets of a user, in every namespace', async () => {
    using chat = await connected(driver);
    using inbox = await connected(driver, '/notifications');
    using support = await connected(driver, '/support');
    using stranger = await connected(driver2);
    const { id } = chat.socket;
    expect(await send(`notify/client/${id}`, news)).toEqual(delivered(1));
    expect(await chat.first('notification')).toEqual(news);
    expect(await send(`chat/client/user:1`, { text: 'hi' })).toEqual(delivered(3));
    for (const socket of [chat, inbox, support]) expect(await socket.first('chatMessage')).toEqual({ text: 'hi' });
    expect(await send(`whatsapp/status/${id}`, { sid: 's', status: 'read' })).toEqual(delivered(1));
    expect(await send(`whatsapp/message/${id}`, { sid: 's' })).toEqual(delivered(1));
    expect(await send(`conversation/${id}`, { c: 1 })).toEqual(delivered(1));
    expect(await send(`event/client/${id}/orderShipped`, { order: 7 })).toEqual(delivered(1));
    expect(await chat.first('whatsappStatusUpdate')).toEqual({ sid: 's', status: 'read' });
    expect(await chat.first('whatsappMessageUpdate')).toEqual({ sid: 's' });
    expect(await chat.first('conversationUpdate')).toEqual({ c: 1 });
    expect(await chat.first('orderShipped')).toEqual({ order: 7 });
    expect(inbox.all('notification')).toEqual([]);
    expect(stranger.heard.map(({ name }) => name)).toEqual(['connected']);
  });

  it('reaches several users, although another one is not connected or does not exist', async () => {
    using one = await connected(driver);
    using two = await connected(driver2, '/support');
    const body = { userIds: ['1', '8', '7', 'nobody'], data: ['any', 'json'] };
    expect(await send('event/users/said', body)).toEqual(delivered(2));
    for (const socket of [one, two]) expect(await socket.first('said')).toEqual(['any', 'json']);
    expect(await send('event/users/said?excludeUserId=8', body)).toEqual(delivered(1));
  });

  it('reaches the members of a room, and of a ticket in every namespace, each socket once', async () => {
    const ticket = await openTicket(driver);
    using chat = await connected(driver);
    using support = await connected(driver, '/support');
    using outside = await connected(driver2);
    await chat.ask('join_ticket', { ticketId: ticket.id });
    await chat.ask('subscribe', { stream: `ticket:${ticket.id}` });
    await support.ask('join-ticket', { ticketId: ticket.id });
    await chat.ask('joinRoom', { room: 'lobby' });
    await outside.ask('joinRoom', { room: 'lobby' });
    expect(await send(`event/ticket/${ticket.number}/eta`, { min: 5 })).toEqual(delivered(2));
    for (const socket of [chat, support]) expect(await socket.first('eta')).toEqual({ min: 5 });
    expect(await send(`event/ticket/${ticket.id}/eta?excludeUserId=1`)).toEqual(delivered(0));
    expect(await send('event/room/lobby/tick')).toEqual(delivered(2));
    expect(await send('notify/room/lobby?excludeUserId=1', news)).toEqual(delivered(1));
    expect(await send('chat/room/lobby')).toEqual(delivered(2));
    expect(await send('notify/room/empty', news)).toEqual(delivered(0));
    await outside.first('chatMessage');
    expect(outside.all('eta')).toEqual([]);
    expect(outside.all('notification')).toEqual([news]);
    expect(chat.all('notification')).toEqual([]);
    expect(chat.all('eta')).toHaveLength(1);
  });

  it('reaches every socket, in every namespace', async () => {
    using one = await connected(driver);
    using two = await connected(driver2, '/notifications');
    const all = (await service.send('GET', '/websocket/status')).body.connections;
    expect(await send('notify/broadcast', news)).toEqual(delivered(all));
    expect(await send('event/broadcast/customerUpdated?excludeUserId=1')).toEqual(delivered(all - 1));
    expect(await two.first('customerUpdated')).toEqual({ n: 1 });
    await one.first('notification');
    expect(one.all('customerUpdated')).toEqual([]);
  });

  it('to an unknown client or user is answered with 404; to a user without sockets it reaches none', async () => {
    for (const client of ['no-such-socket', 'user:nobody', 'user:']) {
      expect(await send(`notify/client/${client}`, news)).toMatchObject({ status: 404, body: { field: 'clientId' } });
      expect((await service.send('GET', `/websocket/clients/${client}/status`)).status).toBe(404);
    }
    expect((await send('event/ticket/no-such-ticket/eta')).status).toBe(404);
    expect(await send('notify/client/user:7', news)).toEqual(delivered(0));
  });

  it('is refused with a name that the protocol or Socket.IO uses', async () => {
    using socket = await connected(driver);
    const taken = [...catalogOf(DIALECTS).values()].flatMap(({ requests, events }) => [
      ...requests.keys(),
      ...events.keys(),
    ]);
    const bad = [
      'connect',
      'disconnect',
      'connect_error',
      'newListener',
      'a b',
      '1st',
      'ä',
      '__proto__',
      'x'.repeat(65),
    ];
    expect(taken).toContain('new_message');
    for (const name of [...taken, ...bad]) {
      for (const where of [`client/${socket.socket.id}`, 'room/lobby', 'broadcast', 'users', 'ticket/x']) {
        const body = where === 'users' ? { userIds: ['1'], data: 1 } : {};
        const { status, body: problem } = await send(`event/${where}/${encodeURIComponent(name)}`, body);
        expect([name, where, status, problem.code]).toEqual([name, where, 422, 'unusable_event_name']);
      }
    }
    expect(socket.heard.map(({ name }) => name)).toEqual(['connected']);
  });

  it('is refused with an invalid body', async () => {
    using socket = await connected(driver);
    const client = `client/${socket.socket.id}`;
    const cases: [string, unknown, number, string | undefined][] = [
      [`notify/${client}`, { type: 'x', title: 'x' }, 400, 'message'],
      [`notify/${client}`, { ...news, more: 1 }, 400, 'more'],
      [`notify/${client}`, { ...news, title: 'x\u0000' }, 400, 'title'],
      [`chat/${client}`, ['a'], 400, undefined],
      [`event/${client}/said`, 'text', 400, undefined],
      ['event/users/said', { userIds: [], data: 1 }, 400, 'userIds'],
      ['event/users/said', { userIds: ['1'] }, 400, 'data'],
      ['notify/room/a%20b', news, 400, 'roomName'],
      [`chat/${client}`, { x: 'x'.repeat(200_000) }, 413, undefined],
      [`chat/${client}?exclude=1`, {}, 400, 'exclude'],
    ];
    for (const [path, body, status, field] of cases) {
      const answer = await send(path, body as object);
      expect([path, answer.status, answer.body.field]).toEqual([path, status, field]);
    }
    expect(socket.heard.map(({ name }) => name)).toEqual(['connected']);
  });

  it('is refused unless a service or an admin sends it', async () => {
    using socket = await connected(driver);
    const path = `/websocket/notify/client/${socket.socket.id}`;
    expect((await driver.send('POST', path, news)).status).toBe(403);
    expect((await (await signIn(node.url, 'agent')).send('POST', path, news)).status).toBe(403);
    expect((await (await signIn(node.url, 'admin')).send('POST', path, news)).status).toBe(202);
  });
});

it('lists who is connected, in which namespace and with how many sockets', async () => {
  await until(
    async () => (await service.send('GET', '/websocket/status')).body.connections === 0,
    'all sockets to be disconnected',
  );
  using chat = await connected(driver);
  using support = await connected(driver, '/support');
  await chat.ask('joinRoom', { room: 'here' });
  const { body: status } = await service.send('GET', '/websocket/status');
  expect(status).toEqual({ connections: 2, users: 1, rooms: 1, nodes: 1, uptime: expect.any(Number) });
  const view = {
    clientId: chat.socket.id,
    userId: '1',
    name: 'john_driver',
    role: 'driver',
    namespace: '/',
    transport: 'websocket',
    connectedAt: expect.any(String),
    rooms: ['here'],
  };
  const read = async (path: string) => (await service.send('GET', `/websocket/clients${path}`)).body;
  expect(await read(`/${chat.socket.id}/status`)).toEqual({
    clientId: chat.socket.id,
    connected: true,
    connections: 1,
    clients: [view],
  });
  expect(await read('/user:1/status')).toMatchObject({ connected: true, connections: 2 });
  expect(await read('/user:8/status')).toEqual({
    clientId: 'user:8',
    connected: false,
    connections: 0,
    clients: [],
  });
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { clients: { clientId: string }[]; nextCursor: string | null } = await read(
      `?limit=1${cursor && `&cursor=${cursor}`}`,
    );
    ids.push(...page.clients.map(({ clientId }) => clientId));
    cursor = page.nextCursor;
  }
  expect(ids.toSorted()).toEqual([chat.socket.id, support.socket.id].toSorted());
});
