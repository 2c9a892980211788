/** Test authentication, and hostile input from clients. Source: docs/protocol.md sections 2 and 9. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_TOKEN_SECONDS } from '../../../src/auth/keys.ts';
import { until } from '../../support/until.ts';
import { type Client, listen, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { socketsPerUser: 5, streamsPerSocket: 2 } });
  driver = await signIn(node.url, 'driver');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

describe('a socket that is not authenticated', () => {
  const tokens: [string, object | undefined][] = [
    ['without a token', undefined],
    ['with an empty token', { token: '' }],
    ['with a token that is no text', { token: { toString: 'x' } }],
    ['with a token that is no token', { token: 'wrong' }],
    ['with an unsigned token', { token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIyIiwicm9sZSI6ImFkbWluIn0.' }],
  ];
  it.each(tokens)('%s receives an error and nothing else', async (_, auth) => {
    const ticket = await openTicket(driver);
    for (const namespace of ['/', '/notifications']) {
      using socket = listen(node.url + namespace, auth === undefined ? {} : { auth });
      await until(() => socket.heard.length > 0 && !socket.socket.connected, 'the refusal');
      expect(socket.heard).toEqual([
        { name: 'error', payload: { type: 'unauthorized', message: 'Authentication required' } },
      ]);
      await post(driver, ticket.id, 'not for this socket');
      expect(socket.heard).toHaveLength(1);
    }
  });

  it('receives the error over polling, too', async () => {
    using socket = listen(`${node.url}/notifications`, { transports: ['polling'] });
    await until(() => socket.heard.length > 0 && !socket.socket.connected, 'the refusal');
    expect(socket.heard.map(({ name }) => name)).toEqual(['error']);
  });
});

it('accepts the token in the Authorization header', async () => {
  using socket = listen(`${node.url}/notifications`, {
    extraHeaders: { Authorization: `Bearer ${driver.token}` },
    transports: ['polling', 'websocket'],
  });
  expect(await socket.first('connected')).toMatchObject({ userId: 1 });
});

it('a connected socket can replace its token, with one of the same user only', async () => {
  const admin = await signIn(node.url, 'admin');
  const again = await signIn(node.url, 'driver');
  using socket = driver.connect();
  expect(await socket.ask('auth:refresh', { token: again.token })).toEqual({ success: true });
  expect(await socket.ask('auth:refresh', { token: admin.token })).toMatchObject({ error: { type: 'forbidden' } });
  expect(await socket.ask('auth:refresh', { token: 'wrong' })).toMatchObject({ error: { type: 'unauthorized' } });
  expect(socket.socket.connected).toBe(true);
});

it('disconnects a socket when its token expires, unless it has replaced the token', async () => {
  await using own = await startServices();
  let early = 0;
  // The gateway's clock is ahead, so that tokens expire in two seconds, until the test corrects it.
  await using node = await startNode(own, { now: () => Date.now() + early });
  const client = await signIn(node.url, 'driver');
  early = (ACCESS_TOKEN_SECONDS - 2) * 1_000;
  using expiring = client.connect();
  using renewed = client.connect('/notifications');
  await Promise.all([expiring.first('connected'), renewed.first('connected')]);
  early = 0;
  expect(await renewed.ask('auth:refresh', { token: client.token })).toEqual({ success: true });
  expect(await expiring.first('error')).toMatchObject({ type: 'token_expired' });
  await until(() => !expiring.socket.connected, 'the disconnection');
  expect(renewed.socket.connected).toBe(true);
  expect(renewed.all('error')).toEqual([]);
});

it('disconnects the sockets of a session when the session ends', async () => {
  const once = await signIn(node.url, 'driver');
  using socket = once.connect();
  using other = driver.connect();
  await Promise.all([socket.first('connected'), other.first('connected')]);
  await once.send('POST', '/api/v1/auth/logout');
  await until(() => !socket.socket.connected, 'the disconnection');
  expect(await socket.first('error')).toEqual({ type: 'unauthorized', message: 'Authentication required' });
  expect(other.socket.connected).toBe(true);
});

describe('hostile input is answered with one error that names the field, and the socket stays connected', () => {
  const cases: [string, string, unknown[], object][] = [
    ['no payload', 'join_ticket', [], { type: 'invalid_payload', field: 'ticketId' }],
    ['an array for an object', 'join_ticket', [['t']], { type: 'invalid_payload' }],
    ['a string for an object', 'send_message', ['hello'], { type: 'invalid_payload' }],
    ['a number for a message', 'send_message', [{ ticketId: 't', message: 5 }], { field: 'message' }],
    ['an unknown field', 'join_ticket', [{ ticketId: 't', admin: true }], { field: 'admin' }],
    ['a control character', 'send_message', [{ ticketId: 't', message: 'a\u0000b' }], { field: 'message' }],
    ['a wildcard as an id', 'join_ticket', [{ ticketId: '*.>' }], { field: 'ticketId' }],
    ['a negative version', 'join_ticket', [{ ticketId: 't', after: -1 }], { field: 'after' }],
    [
      'a SYSTEM message',
      'send_message',
      [{ ticketId: 't', message: 'x', messageType: 'SYSTEM' }],
      { field: 'messageType' },
    ],
    ['a prototype key', 'join_ticket', [JSON.parse('{"ticketId":"t","__proto__":{"a":1}}')], { field: '__proto__' }],
    ['binary data', 'join_ticket', [{ ticketId: Buffer.from('t') }], { type: 'invalid_payload' }],
    ['a second payload', 'join_ticket', [{ ticketId: 't' }, 'not a function'], { field: 'ack' }],
    ['an unknown event', 'drop_tables', [{}], { type: 'invalid_payload', field: 'event' }],
    ['the event `error`', 'error', [{}], { type: 'invalid_payload', field: 'event' }],
    ['the event `__proto__`', '__proto__', [{}], { type: 'invalid_payload', field: 'event' }],
    ['an event of another namespace', 'mark-as-read', [{ notificationIds: ['1'] }], { field: 'event' }],
    ['a huge message', 'send_message', [{ ticketId: 't', message: 'x'.repeat(20_000) }], { field: 'message' }],
    [
      'two megabytes',
      'send_message',
      [{ ticketId: 't', message: 'x'.repeat(2_000_000) }],
      { type: 'payload_too_large' },
    ],
    ['reading in a stranger’s ticket', 'mark_ticket_read', [{ ticketId: 't', upTo: 1 }], { type: 'not_found' }],
    ['typing without having joined', 'typing_start', [{ ticketId: 't' }], { type: 'conflict' }],
  ];

  it.each(cases)('%s', async (_, event, args, error) => {
    using socket = driver.connect();
    await socket.first('connected');
    const acked = event === 'join_ticket' && args.length > 1 ? undefined : await socket.ask(event, ...args);
    if (acked !== undefined) expect(acked).toMatchObject({ success: false, error });
    socket.socket.emit(event, ...args);
    expect(await socket.first('error')).toMatchObject({ ...error, event });
    expect(await socket.ask('leave_ticket', { ticketId: 't' })).toMatchObject({ success: true });
    expect(socket.all('error')).toHaveLength(1);
  });

  it('a number as an event name', async () => {
    using socket = driver.connect();
    await socket.first('connected');
    (socket.socket as unknown as { emit(name: number): void }).emit(7);
    expect(await socket.first('error')).toMatchObject({ type: 'invalid_payload', field: 'event' });
    expect(await socket.ask('leave_ticket', { ticketId: 't' })).toMatchObject({ success: true });
  });
});

describe('limits', () => {
  it('apply to the sockets of a user', async () => {
    const many = await signIn(node.url, 'vendor');
    const sockets = Array.from({ length: 6 }, () => many.connect());
    try {
      await until(() => sockets.filter(({ socket }) => socket.connected).length === 5, 'five connected sockets');
      await until(() => sockets.some((one) => one.all('error').length > 0), 'the refusal of the sixth');
      const [error] = sockets.flatMap((one) => one.all('error'));
      expect(error).toMatchObject({ type: 'rate_limited', retryAfter: 10 });
    } finally {
      for (const socket of sockets) socket[Symbol.dispose]();
    }
  });

  it('apply to the tickets of a socket', async () => {
    using socket = driver.connect();
    const tickets = [await openTicket(driver), await openTicket(driver), await openTicket(driver)];
    const joins = [];
    for (const { id } of tickets) joins.push(await socket.ask('join_ticket', { ticketId: id }));
    expect(joins.map(({ success }) => success)).toEqual([true, true, false]);
    expect(joins[2].error.type).toBe('rate_limited');
  });

  it('apply to the events of a socket, and the connection stays open', async () => {
    await using own = await startServices();
    await using limited = await startNode(own, {
      gateway: {
        rate: {
          socket: { burst: 5, perSecond: 5 },
          user: { burst: 100, perSecond: 100 },
          refusals: { burst: 100, perSecond: 1 },
        },
      },
    });
    const client = await signIn(limited.url, 'driver');
    using socket = client.connect();
    await socket.first('connected');
    const answers = await Promise.all(Array.from({ length: 8 }, () => socket.ask('leave_ticket', { ticketId: 't' })));
    const refused = answers.filter(({ success }) => !success);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ error: { type: 'rate_limited', retryAfter: 1 } });
    await until(
      async () => (await socket.ask('leave_ticket', { ticketId: 't' })).success,
      'the rate limit to admit events again',
    );
  });

  it.each([
    ['too many', 'leave_ticket', { ticketId: 't' }],
    ['invalid', 'join_ticket', []],
    ['unknown', 'no_such_event', {}],
  ])('end the connection of a client whose events are %s, again and again', async (_, event, payload) => {
    await using own = await startServices();
    const refusals = { burst: 20, perSecond: 1 };
    const rate = { socket: { burst: 5, perSecond: 5 }, user: { burst: 100, perSecond: 100 }, refusals };
    await using limited = await startNode(own, { gateway: { rate } });
    const client = await signIn(limited.url, 'driver');
    const other = await signIn(limited.url, 'agent');
    using calm = other.connect();
    using socket = client.connect('/', { reconnection: false });
    await Promise.all([calm.first('connected'), socket.first('connected')]);
    for (let at = 0; at < 60; at += 1) socket.socket.emit(event, payload);
    await until(() => !socket.socket.connected, 'the end');
    expect(socket.all('error').at(-1)).toMatchObject({ type: 'rate_limited', retryAfter: 1 });
    expect(calm.socket.connected).toBe(true);
  });
});
