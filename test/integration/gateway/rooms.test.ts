/** Test rooms and broadcasts in `/`, the dialect of seed C, with real clients. Source: docs/protocol.md section 6. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let other: Node;
let driver: Client;
let driver2: Client;
let admin: Client;
let service: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { replayLimit: 10, historySize: 4 } });
  other = await startNode(services);
  [driver, driver2, admin, service] = (await Promise.all(
    ['driver', 'driver2', 'admin', 'service'].map((name) => signIn(node.url, name)),
  )) as [Client, Client, Client, Client];
});

afterAll(async () => {
  await other?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const said = (socket: Listener): unknown[] => socket.all('roomMessage').map(({ message }) => message);
const configure = (name: string, members: readonly string[]) =>
  admin.send('PUT', `/api/v1/rooms/${name}`, { private: true, members });

async function joined(client: Client, room: string, more: object = {}): Promise<Listener> {
  const socket = client.connect();
  expect(await socket.ask('joinRoom', { room, ...more })).toMatchObject({ success: true, room });
  return socket;
}

describe('a room', () => {
  it('sends its messages to the other members, once and in order, on every node', async () => {
    using one = await joined(driver, 'lobby');
    using two = await joined(driver2, 'lobby');
    using there = await joined(await signIn(other.url, 'agent'), 'lobby');
    expect(one.all('roomJoined')).toMatchObject([{ room: 'lobby', version: 0, recovered: false }]);
    const first = await one.ask('roomMessage', { room: 'lobby', message: { text: 'hello' } });
    expect(first).toEqual({ success: true, room: 'lobby', version: 1 });
    await two.ask('roomMessage', { room: 'lobby', message: 'hi' });
    await there.ask('roomMessage', { room: 'lobby', message: ['you', 2] });
    expect(await two.first('roomMessage')).toEqual({
      room: 'lobby',
      message: { text: 'hello' },
      clientId: one.socket.id,
      userId: '1',
      timestamp: expect.any(String),
      version: 1,
    });
    await until(() => said(one).length === 2 && said(two).length === 2 && said(there).length === 2, 'all messages');
    expect(said(one)).toEqual(['hi', ['you', 2]]);
    expect(said(two)).toEqual([{ text: 'hello' }, ['you', 2]]);
    expect(said(there)).toEqual([{ text: 'hello' }, 'hi']);
    await two.ask('leaveRoom', { room: 'lobby' });
    expect(two.all('roomLeft')).toEqual([{ room: 'lobby' }]);
    await one.ask('roomMessage', { room: 'lobby', message: 'still there?' });
    await there.first('roomMessage', ({ message }) => message === 'still there?');
    expect(said(two)).not.toContain('still there?');
  });

  it('replays the missed events, or the latest ones when too many were missed', async () => {
    using speaker = await joined(driver, 'replay');
    for (let at = 1; at <= 6; at += 1) await speaker.ask('roomMessage', { room: 'replay', message: at });
    using back = await joined(driver2, 'replay', { after: 2 });
    expect(back.all('roomJoined')).toMatchObject([{ version: 6, recovered: true }]);
    expect(said(back)).toEqual([3, 4, 5, 6]);
    for (let at = 7; at <= 14; at += 1) await speaker.ask('roomMessage', { room: 'replay', message: at });
    using late = await joined(driver2, 'replay', { after: 2 });
    expect(late.all('roomJoined')).toMatchObject([{ version: 14, recovered: false }]);
    expect(said(late)).toEqual([11, 12, 13, 14]);
    using fresh = await joined(driver2, 'replay');
    expect(said(fresh)).toEqual([]);
    // The sender does not receive its own message, not even in a replay on the same socket.
    await speaker.ask('joinRoom', { room: 'replay', after: 5 });
    expect(said(speaker)).toEqual([]);
  });

  it('records a message once when a client sends it repeatedly', async () => {
    using listener = await joined(driver2, 'once');
    using speaker = await joined(driver, 'once');
    const message = { room: 'once', message: 'hello', clientMessageId: 'c-1' };
    const first = await speaker.ask('roomMessage', message);
    await speaker.ask('roomMessage', { room: 'once', message: 'next' });
    expect(await speaker.ask('roomMessage', message)).toEqual(first);
    await listener.first('roomMessage', ({ version }) => version === 2);
    expect(said(listener)).toEqual(['hello', 'next']);
  });

  it('that is private can be joined, and posted in, by its members only', async () => {
    await configure('board', ['8']);
    using member = await joined(driver2, 'board');
    using outsider = driver.connect();
    using boss = admin.connect();
    for (const socket of [outsider, boss]) {
      for (const [event, payload] of [
        ['joinRoom', { room: 'board' }],
        ['joinRoom', { room: 'board', after: 0 }],
        ['roomMessage', { room: 'board', message: 'let me in' }],
        ['subscribe', { stream: 'room:board' }],
      ] as const) {
        expect(await socket.ask(event, payload)).toMatchObject({ success: false, error: { type: 'forbidden' } });
      }
    }
    await member.ask('roomMessage', { room: 'board', message: 'secret' });
    for (const socket of [outsider, boss]) expect(JSON.stringify(socket.heard)).not.toContain('secret');
  });

  it('removes clients that lose access before its next message, on every node, when the room or the user changes', async () => {
    using stays = await joined(driver2, 'council');
    using goes = await joined(driver, 'council');
    using watches = driver.connect();
    expect(await watches.ask('subscribe', { stream: 'room:council' })).toMatchObject({ success: true });
    using elsewhere = await joined(await signIn(other.url, 'driver'), 'council');
    await configure('council', ['8']);
    await goes.first('roomLeft');
    await elsewhere.first('roomLeft');
    expect(await watches.first('resync')).toEqual({ stream: 'room:council', reason: 'access', version: 1 });
    await stays.ask('roomMessage', { room: 'council', message: 'now we are alone' });
    using again = await joined(driver2, 'council', { after: 0 });
    await again.first('roomMessage');
    for (const { heard } of [goes, watches, elsewhere]) expect(JSON.stringify(heard)).not.toContain('alone');
  });

  it('is refused with an invalid name, and a client cannot join a room of the server by its name', async () => {
    using socket = driver.connect();
    using inbox = driver.connect('/notifications');
    await Promise.all([socket, inbox].map((one) => one.first('connected')));
    const names = [
      '',
      'a b',
      'a/b',
      'user:1',
      'everyone:x',
      'chat:ticket:1',
      'rooms:room:lobby',
      'x'.repeat(65),
      'a\n',
      5,
    ];
    for (const room of names) {
      for (const [event, payload] of [
        ['joinRoom', { room }],
        ['leaveRoom', { room }],
        ['roomMessage', { room, message: 'x' }],
      ] as const) {
        const error = { type: 'invalid_payload', field: 'room' };
        expect(await socket.ask(event, payload)).toMatchObject({ success: false, error });
      }
    }
    // Valid names of Socket.IO rooms that the server uses: for clients they are ordinary rooms.
    using listener = await joined(driver2, 'staff');
    for (const room of ['everyone', 'staff', String(listener.socket.id)]) {
      await socket.ask('roomMessage', { room, message: 'to all' });
    }
    await listener.first('roomMessage');
    expect(listener.all('roomMessage')).toMatchObject([{ room: 'staff' }]);
    expect(JSON.stringify(inbox.heard)).not.toContain('to all');
  });

  it('accepts any JSON up to a size, and nothing else', async () => {
    using socket = driver.connect();
    const refused = async (message: unknown, error: object) =>
      expect(await socket.ask('roomMessage', { room: 'lobby', message })).toMatchObject({ success: false, error });
    await refused(Buffer.from('x'), { type: 'invalid_payload', field: 'message' });
    await refused(undefined, { type: 'invalid_payload', field: 'message' });
    await refused(JSON.parse('{"a":{"__proto__":1}}'), { type: 'invalid_payload', field: 'message.a.__proto__' });
    await refused(
      Array.from({ length: 60_000 }, () => 1e-100),
      { type: 'payload_too_large', field: 'message' },
    );
    await refused('x'.repeat(70_000), { type: 'payload_too_large', field: 'message' });
  });
});

describe('a broadcast', () => {
  it('of staff or a service reaches all others, and its sender receives a receipt', async () => {
    using sender = service.connect();
    using one = driver.connect();
    using there = (await signIn(other.url, 'driver2')).connect();
    await Promise.all([sender, one, there].map((socket) => socket.first('connected')));
    const receipt = await sender.ask('message', { type: 'news', text: 'hello' });
    expect(receipt).toMatchObject({ success: true, messageId: expect.any(String), timestamp: expect.any(String) });
    expect(sender.all('messageReceived')).toEqual([{ messageId: receipt.messageId, timestamp: receipt.timestamp }]);
    for (const socket of [one, there]) {
      expect(await socket.first('messageBroadcast')).toEqual({
        clientId: sender.socket.id,
        userId: '9',
        message: { type: 'news', text: 'hello' },
        timestamp: expect.any(String),
      });
    }
    expect(sender.all('messageBroadcast')).toEqual([]);
  });

  it('of a requester is refused', async () => {
    using socket = driver.connect();
    expect(await socket.ask('message', { text: 'spam' })).toMatchObject({ error: { type: 'forbidden' } });
    expect(socket.all('messageReceived')).toEqual([]);
  });
});

it('only staff receive announcements of clients that connect and disconnect', async () => {
  using staff = admin.connect();
  using requester = driver.connect();
  using elsewhere = (await signIn(other.url, 'agent')).connect();
  await Promise.all([staff, requester, elsewhere].map((socket) => socket.first('connected')));
  using guest = driver2.connect();
  await guest.first('connected');
  const act = { clientId: guest.socket.id, userId: '8', timestamp: expect.any(String) };
  for (const socket of [staff, elsewhere]) {
    expect(await socket.first('clientJoined', ({ clientId }) => clientId === act.clientId)).toEqual(act);
  }
  guest.socket.disconnect();
  for (const socket of [staff, elsewhere]) {
    expect(await socket.first('clientLeft', ({ clientId }) => clientId === act.clientId)).toEqual(act);
  }
  for (const name of ['clientJoined', 'clientLeft']) expect(requester.all(name)).toEqual([]);
  expect(staff.all('clientJoined').map(({ clientId }) => clientId)).not.toContain(staff.socket.id);
});
