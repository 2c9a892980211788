/** Test slow consumers: the backlog of a connection is bounded, and a client that does not read affects no other. */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noMetrics } from '../../../src/telemetry/metrics.ts';
import { createTracing } from '../../../src/telemetry/tracing.ts';
import { type Poller, startPoller } from '../../support/poller.ts';
import { until } from '../../support/until.ts';
import { type Client, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

const LIMIT = 100_000;

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let service: Client;
const cut: string[] = [];
const logged: string[] = [];

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, {
    gateway: { outboundLimit: LIMIT },
    telemetry: {
      metrics: { ...noMetrics, slowConsumer: (namespace) => cut.push(namespace) },
      tracing: createTracing(),
    },
    logger: pino({ level: 'info' }, { write: (line) => void logged.push(line) }),
  });
  driver = await signIn(node.url, 'driver');
  admin = await signIn(node.url, 'admin');
  service = await signIn(node.url, 'service');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

/** Sends one socket an event of about this many bytes. */
async function sendBytes(socketId: string | undefined, bytes: number): Promise<number> {
  const body = { filler: 'x'.repeat(bytes) };
  return (await service.send('POST', `/websocket/event/client/${socketId}/burden`, body)).status;
}

interface PausableTransport {
  readonly ws: { pause(): void; resume(): void };
}

it('a websocket that does not read is cut off, and receives every event when it reconnects', async () => {
  const ticket = await openTicket(driver);
  using other = admin.connect();
  await other.ask('join_ticket', { ticketId: ticket.id, after: 0 });
  using slow = driver.connect();
  const versions = () => slow.all('new_message').map(({ version }) => version);
  const closed: unknown[] = [];
  slow.socket.on('connected', () => {
    slow.socket.emit('join_ticket', { ticketId: ticket.id, after: versions().at(-1) ?? 0 });
  });
  slow.socket.on('disconnect', (_reason, details) => closed.push(details));
  const posted = [await post(admin, ticket.id, 'before')];
  await slow.first('new_message', ({ version }) => version === posted[0]);
  const before = cut.length;

  const { ws } = slow.socket.io.engine.transport as unknown as PausableTransport;
  const slowId = slow.socket.id;
  ws.pause();
  // The operating system buffers some megabytes for a connection before data waits in the server.
  for (let at = 0; cut.length === before; at += 1) {
    posted.push(await post(admin, ticket.id, `while it does not read ${at}`));
    for (let burdens = 0; burdens < 8; burdens += 1) await sendBytes(slowId, 60_000);
  }
  posted.push(await post(admin, ticket.id, 'after it was cut off'));
  await until(() => other.all('new_message').length === posted.length, 'the other client to receive every message');
  expect(slow.socket.connected).toBe(true); // The client has not read the close.

  ws.resume();
  await until(() => versions().length >= posted.length, 'the replay');
  posted.push(await post(admin, ticket.id, 'live again'));
  await until(() => versions().length >= posted.length, 'the live messages');
  expect(versions()).toEqual(posted);
  expect(cut.slice(before)).toEqual(['/']);
  expect(closed).toMatchObject([{ context: { code: 1013, reason: 'slow_consumer' } }]);
  const gone = logged
    .map((line) => JSON.parse(line))
    .find(({ msg, socket }) => msg === 'socket disconnected' && socket === slowId);
  expect(gone).toMatchObject({ reason: 'slow_consumer' });
});

it('a polling client that does not poll is cut off at the limit', async () => {
  const poller = await startPoller(node.url, driver.token);
  const before = cut.length;
  for (let at = 0; at < 3; at += 1) await sendBytes(poller.socketId, LIMIT * 0.3);
  expect(cut.length).toBe(before);
  await sendBytes(poller.socketId, LIMIT * 0.3);
  await until(() => cut.length > before, 'the client to be cut off');
  expect(await sendBytes(poller.socketId, 1)).toBe(404);
  await expect(poller.poll()).rejects.toThrow('400');
});

it('a client that is behind receives no ephemeral events, but receives their ends', async () => {
  const ticket = await openTicket(driver);
  const poller = await startPoller(node.url, admin.token);
  using quick = admin.connect();
  for (const join of [poller.emit, quick.ask]) await join('join_ticket', { ticketId: ticket.id, after: 0 });
  await pollUntil(poller, 'joined_ticket');
  using typist = driver.connect();
  await typist.ask('join_ticket', { ticketId: ticket.id, after: 0 });

  await typist.ask('typing_start', { ticketId: ticket.id });
  expect((await pollUntil(poller, 'user_typing')).length).toBeGreaterThan(0);
  for (let at = 0; at < 2; at += 1) await sendBytes(poller.socketId, LIMIT * 0.3);
  await typist.ask('typing_stop', { ticketId: ticket.id });
  await typist.ask('typing_start', { ticketId: ticket.id });
  await until(() => quick.all('user_typing').length === 2, 'the other client to receive both');
  const version = await post(driver, ticket.id, 'said');
  const names = (await pollUntil(poller, 'new_message')).map(({ name }) => name);
  expect(names).toContain('user_stopped_typing');
  expect(names).not.toContain('user_typing');

  // The client has read its backlog, so it receives ephemeral events again.
  await until(async () => {
    await typist.ask('typing_start', { ticketId: ticket.id });
    await typist.ask('typing_stop', { ticketId: ticket.id });
    return (await pollUntil(poller, 'user_stopped_typing')).some(({ name }) => name === 'user_typing');
  }, 'user_typing to arrive again');
  expect(version).toBeGreaterThan(0);
});

it('a replay may be larger than the limit; the next one waits until the client has read it', async () => {
  const ticket = await openTicket(driver);
  const long = 'x'.repeat(9_000);
  const posted: number[] = [];
  for (let at = 0; at < 30; at += 1) posted.push(await post(admin, ticket.id, long));
  const before = cut.length;
  const poller = await startPoller(node.url, driver.token);
  await poller.emit('join_ticket', { ticketId: ticket.id, after: 0 });
  for (let at = 0; at < 20; at += 1) await poller.emit('load_history', { ticketId: ticket.id, limit: 200 });
  using other = driver.connect();
  await other.ask('join_ticket', { ticketId: ticket.id });
  posted.push(await post(admin, ticket.id, 'live'));
  await other.first('new_message', ({ version }) => version === posted.at(-1));

  const first = await poller.poll();
  const replayed = first.filter(({ name }) => name === 'new_message').map(({ payload }) => payload.version);
  expect(replayed).toEqual(posted);
  expect(first.filter(({ name }) => name === 'messages_history')).toEqual([]);
  let pages = 0;
  while (pages < 20)
    pages += (await pollUntil(poller, 'messages_history')).filter(({ name }) => name === 'messages_history').length;
  expect(pages).toBe(20);
  expect(cut.length).toBe(before);
});

/** Polls until an event of this name arrives. Resolves with all events that arrived. */
async function pollUntil(poller: Poller, name: string): ReturnType<Poller['poll']> {
  const all: Awaited<ReturnType<Poller['poll']>> = [];
  while (!all.some((one) => one.name === name)) all.push(...(await poller.poll()));
  return all;
}
