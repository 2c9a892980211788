/** Clients that send or read slowly, or not at all, hold nothing for long and take nothing from others. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type ApiRig, type Client, startApi } from './rig.ts';

const LIMIT_MS = 400;
let api: ApiRig;
let driver: Client;
const opened = new Set<Wire>();

beforeAll(async () => {
  api = await startApi({ config: { arrivalLimit: LIMIT_MS, readLimit: LIMIT_MS, connections: { perOwner: 60 } } });
  driver = await api.as('driver@example.com');
});
afterEach(() => {
  for (const { socket } of opened) socket.destroy();
  opened.clear();
});
afterAll(() => api[Symbol.asyncDispose]());

interface Wire {
  readonly socket: Socket;
  received: string;
  closed: boolean;
}

/** A connection that sends this much. */
function send(text: string, options: { read?: boolean } = {}): Wire {
  const { hostname, port } = new URL(api.url);
  const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text));
  const wire: Wire = { socket, received: '', closed: false };
  if (options.read === false) socket.pause();
  else socket.setEncoding('latin1').on('data', (data) => (wire.received += data));
  socket.on('error', () => undefined).on('close', () => (wire.closed = true));
  opened.add(wire);
  return wire;
}

const half = (path: string, headers = '') =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${headers}content-length: 60\r\n\r\n{"email": "`;
const signedIn = () => `authorization: Bearer ${driver.token}\r\n`;
const signIn = () => api.as('agent@example.com');

describe('a body that does not arrive', () => {
  it.each([
    ['of a sign-in', () => half('/api/v1/auth/login')],
    ['of a refresh', () => half('/api/v1/auth/refresh')],
    ['of a command', () => half('/api/v1/support', signedIn())],
    [
      'in chunks',
      () =>
        half('/api/v1/auth/login').replace(/content-length: 60\r\n\r\n/, 'transfer-encoding: chunked\r\n\r\n3c\r\n'),
    ],
  ])('%s is refused after the time limit, and its connection ends', async (_what, text) => {
    const wire = send(text());
    await until(() => wire.closed, 'the connection to be closed');
    expect(wire.received).toMatch(/^HTTP\/1\.1 408 /);
    expect(wire.received).toContain('application/problem+json');
    expect(wire.received).toContain('"code":"invalid_payload"');
  });

  it('is refused also when a byte comes now and then', async () => {
    const wire = send(half('/api/v1/auth/login'));
    const dribble = setInterval(() => wire.socket.write('x'), LIMIT_MS / 10);
    try {
      await until(() => wire.received.startsWith('HTTP/1.1 408 '), 'the body to be refused');
    } finally {
      clearInterval(dribble);
    }
  });

  it('gives way to others of its network, who sign in meanwhile', async () => {
    const wires = Array.from({ length: 55 }, () => send(half('/api/v1/auth/login')));
    await until(
      () => wires.filter(({ received }) => received.startsWith('HTTP/1.1 408 ')).length >= 5,
      'five to give way',
    );
    expect((await signIn()).token).toBeDefined();
  });

  it('records nothing, even when its rest comes too late', async () => {
    const opened = () => api.node.pool.query("select count(*) from deskwire.events where type = 'TicketOpened'");
    const { rows: before } = await opened();
    const body = JSON.stringify({ description: 'Too late' });
    const wire = send(
      half('/api/v1/support', signedIn()).replace('{"email": "', body.slice(0, 5)).replace('60', `${body.length}`),
    );
    await until(() => wire.received.includes('408'), 'the body to be refused');
    wire.socket.write(body.slice(5));
    await until(() => wire.closed, 'the connection to be closed');
    const { rows: after } = await opened();
    expect(after).toEqual(before);
  });
});

it.each([
  ['nothing', ''],
  ['half a line', 'GET /liv'],
  ['half a header', 'GET /livez HTTP/1.1\r\nhost: a\r\nx-a'],
])('a connection that sends %s is closed after the time limit', async (_what, text) => {
  const wire = send(text);
  await until(() => wire.closed, 'the connection to be closed');
});

it('the oldest connection without a sign-in gives way when a network has too many', async () => {
  const first = send('');
  const more = Array.from({ length: 60 }, () => send(''));
  await until(() => first.closed || more.some(({ closed }) => closed), 'a connection to be closed');
  expect((await driver.send('GET', '/api/v1/tickets')).status).toBe(200);
});

it('an answer that nobody reads ends, with its connection', async () => {
  for (let count = 0; count < 5; count += 1) {
    await driver.send('POST', '/api/v1/support', { description: randomBytes(2_000).toString('hex') });
  }
  const request = `GET /api/v1/support?limit=100 HTTP/1.1\r\nhost: a\r\n${signedIn()}\r\n`;
  // So many that the buffers between the two ends are full.
  const wire = send(request.repeat(400), { read: false });
  await until(() => broken(wire), 'the connection to be closed');
});

/** A paused socket shows the end of its connection only when it writes. */
function broken({ socket }: Wire): boolean {
  socket.write('\r\n');
  return socket.destroyed;
}
