/**
 * Test that the end of a namespace leaves the other namespaces of its connection open. Source: docs/protocol.md section
 * 10.
 */
import { Manager, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCESS_TOKEN_SECONDS } from '../../../src/auth/keys.ts';
import { until } from '../../support/until.ts';
import { type Client, type Node, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
/** Milliseconds by which the gateway's clock is ahead. */
let early = 0;

const unauthenticated = { time: 2_000, attempts: 8, frameBytes: 24 * 1024, most: 100 };

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { socketsPerUser: 2, unauthenticated }, now: () => Date.now() + early });
  admin = await signIn(node.url, 'admin');
});

beforeEach(async () => {
  early = 0;
  driver = await signIn(node.url, 'driver');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

interface Part {
  readonly socket: Socket;
  readonly errors: { type: string; field?: string }[];
  /** Sends an event with an ack, to see that the server answers. */
  answers(): Promise<boolean>;
}

/** One connection, with a part for each namespace. */
function connection(transports: readonly string[] = ['websocket']) {
  const manager = new Manager(node.url, { transports: [...transports], reconnection: false, autoConnect: false });
  let closed = 0;
  manager.on('close', () => {
    closed += 1;
  });
  return {
    manager,
    get closed() {
      return closed;
    },
    async open(namespace: string, auth?: object): Promise<Part> {
      const socket = manager.socket(namespace, auth === undefined ? {} : { auth: auth as Record<string, unknown> });
      socket.auth = (auth ?? {}) as Record<string, unknown>;
      const errors: Part['errors'] = [];
      socket.on('error', (error) => errors.push(error));
      let heard = false;
      socket.onAny(() => {
        heard = true;
      });
      socket.connect();
      await until(() => heard, 'an answer');
      return {
        socket,
        errors,
        async answers() {
          const answer = await socket.timeout(10_000).emitWithAck('auth:refresh', { token: driver.token });
          return answer.success;
        },
      };
    },
    [Symbol.dispose]() {
      for (const nsp of ['/', '/notifications', '/support']) manager.socket(nsp).disconnect();
    },
  };
}

const ended = (part: Part) => until(() => !part.socket.connected && part.errors.length > 0, 'the end of a namespace');

describe.each([[['websocket']], [['polling']], [['polling', 'websocket']]])('over %s', (transports) => {
  it.each([
    ['no token', undefined, 'unauthorized'],
    ['a wrong token', { token: 'wrong' }, 'unauthorized'],
  ])('a namespace with %s ends alone, and can be connected again over the same connection', async (_, auth, type) => {
    using one = connection(transports);
    const chat = await one.open('/', { token: driver.token });
    const inbox = await one.open('/notifications', auth);
    await ended(inbox);
    expect(inbox.errors).toEqual([{ type, message: 'Authentication required' }]);
    expect(await chat.answers()).toBe(true);
    inbox.socket.auth = { token: driver.token };
    inbox.socket.connect();
    await until(() => inbox.socket.connected, 'the second try');
    expect(await inbox.answers()).toBe(true);
    expect(one.closed).toBe(0);
  });
});

it('a namespace that is refused first does not close the connection for the next one', async () => {
  using one = connection();
  const parts = await Promise.all([one.open('/'), one.open('/notifications', { token: driver.token })]);
  const [chat, inbox] = parts;
  await ended(chat);
  expect(await inbox.answers()).toBe(true);
  expect(one.closed).toBe(0);
});

describe.each([[['websocket']], [['polling']]])('on a connection over %s', (transports) => {
  it('an expired token ends its namespaces, and not those with a newer token', async () => {
    using one = connection(transports);
    early = (ACCESS_TOKEN_SECONDS - 2) * 1_000;
    const chat = await one.open('/', { token: driver.token });
    early = 0;
    const inbox = await one.open('/notifications', { token: driver.token });
    await ended(chat);
    expect(chat.errors).toMatchObject([{ type: 'token_expired' }]);
    expect(await inbox.answers()).toBe(true);
  });

  it('too many sockets of a user end the one that is too many', async () => {
    using one = connection(transports);
    const parts = [];
    for (const nsp of ['/', '/notifications', '/support']) parts.push(await one.open(nsp, { token: driver.token }));
    const [chat, inbox, support] = parts as [Part, Part, Part];
    await ended(support);
    expect(support.errors).toMatchObject([{ type: 'rate_limited', retryAfter: 10 }]);
    expect([await chat.answers(), await inbox.answers()]).toEqual([true, true]);
  });

  it('an administrator who disconnects a client ends this namespace alone', async () => {
    using one = connection(transports);
    const chat = await one.open('/', { token: driver.token });
    const inbox = await one.open('/notifications', { token: driver.token });
    const answer = await admin.send('DELETE', `/websocket/clients/${chat.socket.id}`);
    expect([answer.status, answer.body]).toEqual([202, { delivered: 1 }]);
    await ended(chat);
    expect(chat.errors).toMatchObject([{ type: 'forbidden' }]);
    expect(await inbox.answers()).toBe(true);
  });

  it('the end of a session ends the namespaces of this session alone', async () => {
    using one = connection(transports);
    const other = await signIn(node.url, 'driver');
    const chat = await one.open('/', { token: other.token });
    const inbox = await one.open('/notifications', { token: driver.token });
    await other.send('POST', '/api/v1/auth/logout');
    await ended(chat);
    expect(await inbox.answers()).toBe(true);
  });

  it('a wrong cursor, and an auth that is no object, end their namespace', async () => {
    using one = connection(transports);
    const chat = await one.open('/', { token: driver.token });
    for (const lastSeq of ['2', -1, 1.5, null, [1], {}, 'NaN', true, 2 ** 60]) {
      const inbox = await one.open('/notifications', { token: driver.token, lastSeq });
      await ended(inbox);
      expect(inbox.errors).toMatchObject([{ type: 'invalid_payload', field: 'lastSeq' }]);
      inbox.socket.removeAllListeners();
      inbox.socket.offAny();
    }
    const support = await one.open('/support', [driver.token]);
    await ended(support);
    expect(support.errors).toMatchObject([{ type: 'invalid_payload', field: 'auth' }]);
    expect(await chat.answers()).toBe(true);
    expect(one.closed).toBe(0);
  });

  it('an epoch of another log is answered, and ends nothing', async () => {
    using one = connection(transports);
    const chat = await one.open('/', { token: driver.token });
    const inbox = await one.open('/notifications', { token: driver.token, lastSeq: 0, epoch: 'another' });
    expect([await inbox.answers(), await chat.answers(), inbox.errors, one.closed]).toEqual([true, true, [], 0]);
  });
});

it('a namespace that is connected twice at once is one socket', async () => {
  using one = connection();
  const chat = await one.open('/', { token: driver.token });
  const frame = `0/notifications,{"token":"${driver.token}"}`;
  for (let time = 0; time < 3; time += 1) one.manager.engine.write(frame);
  expect(await chat.answers()).toBe(true);
  const connections = async () => (await admin.send('GET', '/websocket/clients/user:1/status')).body.connections;
  await until(async () => (await connections()) === 2, 'both namespaces');
  expect(one.closed).toBe(0);
});

it('events that were under way to a namespace when it ended do not end the connection', async () => {
  using one = connection();
  const chat = await one.open('/', { token: driver.token });
  const inbox = await one.open('/notifications', { token: driver.token });
  const kicked = admin.send('DELETE', `/websocket/clients/${chat.socket.id}`);
  // A client that does not know of the end yet sends on.
  while (chat.socket.connected) {
    one.manager.engine.write('2["leave_ticket",{"ticketId":"t"}]');
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const late of ['2["leave_ticket",{"ticketId":"t"}]', '1', '27["typing_stop",{}]'])
    one.manager.engine.write(late);
  await kicked;
  expect(await inbox.answers()).toBe(true);
  expect(one.closed).toBe(0);
});

it('a connection without an authenticated namespace is closed after a while', async () => {
  const never = new Manager(node.url, { transports: ['websocket'], reconnection: false, autoConnect: false });
  let closed = 0;
  never.on('close', () => {
    closed += 1;
  });
  await new Promise((resolve) => never.open(resolve));
  await until(() => closed === 1, 'the end of a connection that connects no namespace');
});

it('a connection that tries again and again without success is closed', async () => {
  const manager = new Manager(node.url, { transports: ['websocket'], reconnection: false, autoConnect: false });
  let closed = 0;
  manager.on('close', () => {
    closed += 1;
  });
  await new Promise((resolve) => manager.open(resolve));
  for (let attempt = 0; attempt < 9; attempt += 1) manager.engine.write('0{"token":"wrong"}');
  await until(() => closed === 1, 'the end');
});
