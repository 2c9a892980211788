/**
 * Test admission: many clients that come back at once are admitted at a rate, and connected clients are not affected.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bound, noMetrics } from '../../../src/telemetry/metrics.ts';
import { createTracing } from '../../../src/telemetry/tracing.ts';
import { until } from '../../support/until.ts';
import {
  type Client,
  type Listener,
  listen,
  type Node,
  openTicket,
  post,
  signIn,
  startNode,
  startServices,
} from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let refused = 0;
const onRefused = (bound: Bound) => {
  if (bound === 'connections') refused += 1;
};

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, {
    gateway: { admission: { burst: 4, perSecond: 10 } },
    telemetry: {
      metrics: { ...noMetrics, refused: onRefused },
      tracing: createTracing(),
    },
  });
  driver = await signIn(node.url, 'driver');
  admin = await signIn(node.url, 'admin');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

it('all clients of a storm are admitted in time, and a connected socket receives every event meanwhile', async () => {
  const ticket = await openTicket(driver);
  using connected = admin.connect();
  await connected.ask('join_ticket', { ticketId: ticket.id });
  const { id } = connected.socket;
  using storm = new DisposableStack();
  const transports = [['websocket'], ['polling'], ['polling', 'websocket']];
  const before = refused;
  const sockets = Array.from({ length: 15 }, (_, at) =>
    storm.use(driver.connect('/', { transports: transports[at % 3] ?? [], reconnectionDelayMax: 500 })),
  );
  await until(() => refused > before, 'a refusal');
  const posted: number[] = [];
  while (!sockets.every(({ socket }) => socket.connected)) posted.push(await post(driver, ticket.id, 'meanwhile'));
  await until(() => connected.all('new_message').length === posted.length, 'every message');
  expect(connected.socket.id).toBe(id);
  // The upgrade of an admitted polling transport is not refused.
  await until(
    () => sockets.filter(({ socket }) => socket.io.engine.transport.name === 'websocket').length === 10,
    'the upgrades',
  );
});

it('a refusal contains Retry-After, for polling and for websocket clients', async () => {
  const before = refused;
  const path = '/socket.io/?EIO=4&transport=';
  const polled: Response[] = [];
  while (polled.at(-1)?.status !== 503) polled.push(await fetch(`${node.url}${path}polling`));
  expect(Number(polled.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await polled.at(-1)?.json()).toMatchObject({ code: 'unavailable' });
  const upgrades: string[] = [];
  while (!upgrades.at(-1)?.startsWith('HTTP/1.1 503')) upgrades.push(await askForUpgrade(`${path}websocket`));
  expect(upgrades.at(-1)).toMatch(/\r\nRetry-After: [1-9]/);
  expect(refused).toBeGreaterThan(before);
});

it('joins beyond the limit of replays are refused with retryAfter, and succeed later', async () => {
  await using small = await startNode(services, { gateway: { replays: { atOnce: 1, waiting: 1 } } });
  const ticket = await openTicket(driver);
  const version = await post(driver, ticket.id, 'said');
  using crowd = new DisposableStack();
  const sockets = Array.from({ length: 12 }, () => crowd.use(listen(small.url, { auth: { token: driver.token } })));
  await until(() => sockets.every(({ socket }) => socket.connected), 'all to be connected');
  const join = { ticketId: ticket.id, after: 0 };
  const answers = await Promise.all(sockets.map((socket) => socket.ask('join_ticket', join)));
  const refused = sockets.filter((_, at) => answers[at].success === false);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(sockets.length);
  for (const [at, answer] of answers.entries()) {
    if (refused.includes(sockets[at] as Listener)) {
      expect(answer.error).toMatchObject({ type: 'unavailable', retryAfter: 1 });
    }
  }
  for (const socket of refused) expect(await socket.ask('join_ticket', join)).toMatchObject({ success: true, version });
  for (const socket of sockets) await socket.first('new_message');
  expect(sockets.map((socket) => socket.all('new_message').length)).toEqual(sockets.map(() => 1));
});

it.each([[['websocket']], [['polling']], [['polling', 'websocket']]])(
  'sockets over %s that have signed in are not among the connections that give way to others',
  async (transports) => {
    await using small = await startNode(services, { api: { connections: { perOwner: 3 } } });
    using crowd = new DisposableStack();
    const sockets: Listener[] = [];
    for (let at = 0; at < 6; at += 1) {
      const socket = crowd.use(listen(small.url, { auth: { token: driver.token }, transports, reconnection: false }));
      await socket.first('connected');
      const { engine } = socket.socket.io;
      await until(() => engine.transport.name === transports.at(-1), 'the transport');
      sockets.push(socket);
    }
    const { hostname, port } = new URL(small.url);
    const idle = Array.from({ length: 8 }, () => crowd.use(closing(connect(Number(port), hostname))));
    await until(() => idle.filter(({ socket }) => socket.destroyed).length === 5, 'the oldest ones to give way');
    const request = { token: driver.token };
    const answers = await Promise.all(sockets.map((socket) => socket.ask('auth:refresh', request)));
    expect(answers).toEqual(sockets.map(() => ({ success: true })));
  },
);

/** A connection that sends nothing. */
function closing(socket: Socket) {
  socket.on('error', () => undefined).resume();
  return { socket, [Symbol.dispose]: () => void socket.destroy() };
}

/** Resolves with the head of the response. */
async function askForUpgrade(path: string): Promise<string> {
  const { hostname, port } = new URL(node.url);
  const socket = connect(Number(port), hostname);
  const headers = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13';
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
  const [head] = await once(socket, 'data');
  socket.destroy();
  return String(head);
}
