/** The promises of HTTP: methods, caches, addresses, keys of requests, and the order of refusals. */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRig, type Client, startApi } from './rig.ts';

const routes: RouteOptions[] = [];
let api: ApiRig;
let driver: Client;
let stranger: Client;
let ticket: string;

beforeAll(async () => {
  api = await startApi({ onRoute: (route) => routes.push(route) });
  driver = await api.as('driver@example.com');
  stranger = await api.as('driver2@example.com');
  const { body } = await driver.send('POST', '/api/v1/tickets', { description: 'A leak' });
  ticket = body.id;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** Status, headers and body of a request whose headers `fetch` would not send. */
function raw(method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** The answer to bytes on a connection of their own. */
async function wire(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(bytes);
  return text(socket);
}

describe('a method that a path does not have', () => {
  it('is refused with the methods that it has, on every path', async () => {
    const paths = Map.groupBy(routes, ({ url }) => url);
    paths.delete('*');
    expect(paths.size).toBeGreaterThan(40);
    for (const [url, all] of paths) {
      const has = new Set(all.flatMap(({ method }) => [method].flat()));
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const path = url.replace(/:\w+/g, 'x').replace('*', 'x');
        // A path with a name in place of a parameter has the methods of both.
        if (has.has(method) || (await allowedAt(path)).has(method)) continue;
        const answer = await raw(method, path);
        expect(answer.status, `${method} ${path}`).toBe(405);
        for (const one of has) expect(answer.headers.allow, `${method} ${path}`).toMatch(new RegExp(`\\b${one}\\b`));
        expect(answer.headers['content-type']).toMatch('application/problem+json');
        if (method !== 'HEAD')
          expect(JSON.parse(answer.body)).toMatchObject({ status: 405, code: 'method_not_allowed' });
      }
    }
  });

  async function allowedAt(path: string): Promise<Set<string>> {
    const { headers } = await raw('TRACE', path);
    return new Set(String(headers.allow ?? '').split(', '));
  }

  it('is refused before the body is read, and at an unknown address the address is', async () => {
    const xml = { 'content-type': 'text/xml', 'content-encoding': 'gzip' };
    expect((await driver.send('PUT', '/api/v1/support?x=1', '<a/>', xml)).status).toBe(405);
    expect((await driver.send('PUT', '/api/v1/support/', {})).headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await driver.send('POST', '/api/v1/nothing', '<a/>', xml)).status).toBe(404);
    for (const method of ['HEAD', 'OPTIONS', 'DELETE']) expect((await raw(method, '/api/v1/nothing')).status).toBe(404);
  });

  it('may be OPTIONS as a preflight', async () => {
    const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
    const answer = await raw('OPTIONS', '/api/v1/support', preflight);
    expect(answer.status).toBe(204);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await raw('OPTIONS', '/api/v1/support', { origin: 'https://shop.example' })).status).toBe(405);
  });
});

describe('what Node refuses', () => {
  it('is a problem: a long address 414, large headers 431, anything else 400', async () => {
    const long = await raw('GET', `/api/v1/tickets?q=${'x'.repeat(9_000)}`);
    expect([long.status, JSON.parse(long.body)]).toMatchObject([414, { status: 414, statusCode: 414 }]);
    for (const [bytes, status] of [
      [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 414],
      [`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['NONSENSE\r\n\r\n', 400],
    ] as const) {
      const answer = await wire(bytes);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toMatch(/content-type: application\/problem\+json/i);
      const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
      expect(body).toMatchObject({ status, statusCode: status, requestId: expect.stringMatching(/./) });
    }
  });
});

describe('caches', () => {
  it('keep nothing that belongs to a user, refusals included', async () => {
    for (const path of [
      '/api/v1/tickets',
      `/api/v1/tickets/${ticket}`,
      `/api/tickets/${ticket}/chat`,
      '/api/v1/notifications',
      '/api/v1/notifications/unread-count',
      '/api/v1/users',
      '/api/v1/nothing',
    ]) {
      expect((await driver.send('GET', path)).headers.get('cache-control'), path).toBe('no-store');
    }
    const opened = await driver.send('POST', '/api/v1/tickets', { description: 'Another' });
    expect(opened.headers.get('cache-control')).toBe('no-store');
    expect((await api.anonymous.send('GET', '/.well-known/jwks.json')).headers.get('cache-control')).toMatch('public');
  });
});

describe('an Idempotency-Key beside a clientMessageId', () => {
  const path = () => `/api/v1/tickets/${ticket}/messages`;
  const post = (body: object, key?: string) =>
    driver.send('POST', path(), body, key === undefined ? {} : { 'idempotency-key': key });

  it('names one request: another body is refused, the same one gets the same message', async () => {
    const key = randomUUID();
    const body = { message: 'one', clientMessageId: randomUUID() };
    const first = await post(body, key);
    expect(first.status).toBe(201);
    expect((await post(body, key)).body).toEqual(first.body);
    for (const other of [{ ...body, message: 'two' }, { ...body, clientMessageId: randomUUID() }, { message: 'one' }]) {
      expect(await post(other, key)).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused', field: 'Idempotency-Key' },
      });
    }
    expect((await post(body)).body.id).toBe(first.body.id);
    expect((await post(body, randomUUID())).body.id).toBe(first.body.id);
  });

  it('counts the same when it came first without one', async () => {
    const key = randomUUID();
    expect((await post({ message: 'one' }, key)).status).toBe(201);
    expect((await post({ message: 'one', clientMessageId: randomUUID() }, key)).status).toBe(422);
    expect((await post({ message: 'one' }, key)).status).toBe(201);
  });

  it('is forgotten when the request was refused', async () => {
    const key = randomUUID();
    const clientMessageId = randomUUID();
    expect((await post({ message: '', clientMessageId }, key)).status).toBe(400);
    expect((await post({ message: 'one', clientMessageId }, key)).status).toBe(201);
  });

  it('used for two messages at once gets one of them', async () => {
    const key = randomUUID();
    const both = ['one', 'two'].map((message) => post({ message, clientMessageId: randomUUID() }, key));
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([201, 422]);
  });
});

describe('the order of refusals', () => {
  it('is the same on every route: the token, the form of the request, then what it is about', async () => {
    for (const [method, path, wrong, right] of [
      ['PATCH', `/api/v1/tickets/${ticket}`, { status: 'lost' }, { status: 'closed' }],
      ['PATCH', `/api/v1/support/${ticket}`, { status: 'lost' }, { status: 'closed' }],
      ['POST', `/api/v1/tickets/${ticket}/messages`, { message: 1 }, { message: 'x' }],
      ['PUT', `/api/v1/tickets/${ticket}/assignee`, {}, { userId: '4' }],
      ['POST', `/api/v1/tickets/${ticket}/participants`, {}, { userId: '4' }],
    ] as const) {
      expect((await api.anonymous.send(method, path, wrong)).status, path).toBe(401);
      expect((await stranger.send(method, path, wrong)).status, path).toBe(400);
      expect((await stranger.send(method, path, right, { 'idempotency-key': 'a b' })).status, path).toBe(400);
      expect((await stranger.send(method, path, right)).status, path).toBe(404);
    }
    for (const path of [`/api/v1/tickets/${ticket}/messages`, `/api/tickets/${ticket}/chat`]) {
      const both = await stranger.send('GET', `${path}?before=5&after=1`);
      expect(both).toMatchObject({ status: 400, body: { field: 'after' } });
    }
  });
});
