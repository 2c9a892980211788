/** Tests that web pages connect from their own origin and from the configured ones, and from no other. */
import { pino } from 'pino';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/index.ts';
import { until } from '../../support/until.ts';
import { type Node, type Services, signIn, startNode, startServices } from './rig.ts';

const FRIEND = 'https://app.example.com';
const STRANGER = 'https://evil.example';

let services: Services & AsyncDisposable;
let node: Node;
let token: string;
const logged: { msg: string; origin?: string }[] = [];

beforeAll(async () => {
  services = await startServices();
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  node = await startNode(services, { logger, gateway: { corsOrigins: [FRIEND] } });
  token = (await signIn(node.url, 'driver')).token;
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

/** Everything that a socket of a page with this origin receives, until it ends or is connected. */
async function received(origin: string | undefined, transport: string, namespace = '/') {
  const socket = io(node.url + namespace, {
    transports: [transport],
    reconnection: false,
    forceNew: true,
    auth: { token },
    ...(origin !== undefined && { extraHeaders: { origin } }),
  });
  const events: [string, { type?: string; message?: string }][] = [];
  let over = false;
  socket.onAny((name, payload) => {
    events.push([name, payload]);
    over ||= name === 'connected';
  });
  socket.on('disconnect', () => {
    over = true;
  });
  socket.on('connect_error', () => {
    over = true;
  });
  await until(() => over, 'the socket to be admitted or refused');
  socket.close();
  return events;
}

describe.each(['websocket', 'polling'])('a socket over %s', (transport) => {
  it.each([undefined, FRIEND])('is admitted from origin %s', async (origin) => {
    expect((await received(origin, transport)).map(([name]) => name)).toContain('connected');
  });

  it('is admitted from a page of the server', async () => {
    expect((await received(node.url, transport)).map(([name]) => name)).toContain('connected');
  });

  it.each(['/', '/notifications', '/support'])('of %s is refused from another origin, and told why', async (name) => {
    const events = await received(STRANGER, transport, name);
    const message = expect.stringContaining('CORS_ORIGINS');
    expect(events).toEqual([['error', { type: 'forbidden', message, field: 'Origin' }]]);
  });
});

it('a refused origin is logged once, with the setting to change', async () => {
  await received('https://once.example', 'websocket');
  await received('https://once.example', 'polling');
  await fetch(`${node.url}/livez`, { headers: { origin: 'https://once.example' } });
  const lines = logged.filter(({ origin }) => origin === 'https://once.example');
  expect(lines).toMatchObject([{ msg: expect.stringContaining('CORS_ORIGINS') }]);
});

it('pages of a configured origin may send cookies to sockets, others may not', async () => {
  const handshake = (origin: string) =>
    fetch(`${node.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } }).then(({ headers }) => [
      headers.get('access-control-allow-origin'),
      headers.get('access-control-allow-credentials'),
    ]);
  expect(await handshake(FRIEND)).toEqual([FRIEND, 'true']);
  expect(await handshake(STRANGER)).toEqual([null, null]);
});

it('any page may connect with *, without cookies', async () => {
  await using open = await startNode(services, { gateway: { corsOrigins: ['*'] } });
  const headers = { origin: STRANGER };
  const answer = await fetch(`${open.url}/socket.io/?EIO=4&transport=polling`, { headers });
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
});

it('the client library reports a refused origin, with the advice', async () => {
  const openSocket = (url: string, options: object) => io(url, { ...options, extraHeaders: { origin: STRANGER } });
  const client = createClient({ url: node.url, token, surroundings: { openSocket } });
  await until(() => client.connection.error !== undefined, 'the refusal');
  expect(client.connection.error).toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('CORS_ORIGINS'),
  });
  client.close();
});
