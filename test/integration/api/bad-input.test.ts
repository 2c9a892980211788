import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRig, type Client, clientOf, noQueries, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;
let admin: Client;

beforeAll(async () => {
  api = await startApi({ queries: noQueries() });
  driver = await api.as('driver@example.com');
  admin = await api.as('admin@example.com');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const TICKET = '00000000-0000-4000-8000-000000000000';
/** Every route with a body, each with a valid body that has at least one text field. */
const COMMANDS = [
  ['POST', '/api/v1/auth/login', { email: 'a@example.com', password: 'x' }, 'email'],
  ['POST', '/api/v1/auth/refresh', { refresh_token: 'x' }, 'refresh_token'],
  ['POST', '/api/v1/auth/logout', { refresh_token: 'x' }, 'refresh_token'],
  ['POST', '/api/v1/support', { description: 'x' }, 'description'],
  ['PATCH', `/api/v1/support/${TICKET}`, { description: 'x' }, 'description'],
  ['POST', `/api/tickets/${TICKET}/chat`, { message: 'x' }, 'message'],
  ['POST', '/api/v1/tickets', { description: 'x' }, 'description'],
  ['PATCH', `/api/v1/tickets/${TICKET}`, { description: 'x' }, 'description'],
  ['PUT', `/api/v1/tickets/${TICKET}/assignee`, { userId: 'x' }, 'userId'],
  ['POST', `/api/v1/tickets/${TICKET}/participants`, { userId: 'x' }, 'userId'],
  ['POST', `/api/v1/tickets/${TICKET}/messages`, { message: 'x' }, 'message'],
  ['POST', '/api/v1/users', { name: 'x', role: 'driver' }, 'name'],
  ['PATCH', '/api/v1/users/1', { name: 'x' }, 'name'],
  ['PUT', '/api/v1/references/station/1', { name: 'x' }, 'name'],
  ['POST', '/api/v1/notifications', { type: 'a', title: 'a', message: 'x', role: 'admin' }, 'message'],
  ['POST', '/api/v1/notifications/read', { ids: ['x'] }, 'ids'],
] as const;
const READS = [
  '/api/v1/support',
  `/api/v1/support/${TICKET}`,
  `/api/tickets/${TICKET}/chat`,
  `/api/tickets/${TICKET}/chat/participants`,
  '/api/v1/notifications',
  '/api/v1/notifications/unread-count',
  '/api/v1/tickets',
  `/api/v1/tickets/${TICKET}`,
  `/api/v1/tickets/${TICKET}/events`,
  '/api/v1/users',
  '/api/v1/rooms',
  `/api/v1/attachments/${TICKET}`,
];

async function answerOf(response: Response) {
  return { status: response.status, headers: response.headers, body: (await response.json()) as object };
}

/** Expects one problem, with the fields that seed A's clients read, and the name of the wrong field. */
function expectProblem(answer: { status: number; headers: Headers; body: object }, status: number, field?: string) {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({
    status,
    statusCode: status,
    type: expect.stringMatching(/^urn:deskwire:problem:/),
  });
  expect(answer.body).toMatchObject({ message: expect.stringMatching(/./), requestId: expect.stringMatching(/./) });
  if (field !== undefined) expect(answer.body).toMatchObject({ field, errors: [{ field }] });
}

describe.each(COMMANDS)('%s %s', (method, path, body, field) => {
  const send = (wrong: unknown, headers?: Record<string, string>) => admin.send(method, path, wrong, headers);

  it('refuses invalid JSON', async () => {
    for (const wrong of ['{', '{"a":', 'nothing', '{"a": 1}}', '\u0000']) expectProblem(await send(wrong), 400, 'body');
  });

  it('refuses arrays, text and null for an object', async () => {
    for (const wrong of ['[]', '"text"', '7', 'true']) expectProblem(await send(wrong), 400);
  });

  it('refuses and names unknown fields', async () => {
    expectProblem(await send({ ...body, colour: 'red' }), 400, 'colour');
  });

  it('refuses and names wrong types', async () => {
    expectProblem(await send({ ...body, [field]: { a: 1 } }), 400, field);
    expectProblem(await send({ ...body, [field]: 17 }), 400, field);
    expectProblem(await send({ ...body, [field]: null }), 400, field);
  });

  it('refuses and names text that is too long', async () => {
    if (field !== 'ids') expectProblem(await send({ ...body, [field]: 'x'.repeat(20_000) }), 400, field);
    else expectProblem(await send({ ids: ['x'.repeat(20_000)] }), 400, 'ids.0');
  });

  it('refuses and names control characters and broken Unicode', async () => {
    const at = field === 'ids' ? 'ids.0' : field;
    for (const wrong of [
      'a\u0000',
      '\u001b[31m',
      'a\u0007',
      'a\r',
      '\u009b2J',
      '\ud800',
      'a\udc00b',
      '\u200b',
      '\u3164',
    ]) {
      expectProblem(await send({ ...body, [field]: field === 'ids' ? [wrong] : wrong }), 400, at);
    }
  });

  it('refuses and names prototype keys', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      expectProblem(await send(JSON.stringify(body).replace('{', `{"${key}": {"admin": true},`)), 400, key);
    }
  });

  it('refuses bytes that are not UTF-8, and another charset', async () => {
    const bytes = (text: string, encoding: BufferEncoding) => ({
      method,
      body: new Uint8Array(Buffer.from(text, encoding)),
      headers: { 'content-type': 'application/json' },
    });
    const json = JSON.stringify({ ...body, [field]: 'caf\u00e9' });
    for (const wrong of [bytes(json, 'latin1'), bytes(json, 'utf16le'), bytes(`\ufeff${json}`, 'utf8')]) {
      expectProblem(await answerOf(await admin.fetch(path, wrong)), 400, 'body');
    }
    for (const charset of ['iso-8859-1', '"windows-1252"', 'UTF-16']) {
      const headers = { 'content-type': `application/json; charset=${charset}` };
      expectProblem(await send(body, headers), 415, 'Content-Type');
    }
    for (const charset of ['utf-8', '"UTF-8"', 'utf8']) {
      const headers = { 'content-type': `application/json; Charset=${charset}` };
      expectProblem(await send({ ...body, colour: 'red' }, headers), 400, 'colour');
    }
  });

  it('refuses an encoding of the body', async () => {
    for (const encoding of ['gzip', 'br', 'identity, gzip', 'x']) {
      expectProblem(await send(body, { 'content-encoding': encoding }), 415, 'Content-Encoding');
    }
    expectProblem(await send({ ...body, colour: 'red' }, { 'content-encoding': 'identity' }), 400, 'colour');
  });

  it('refuses bodies of 2 MB', async () => {
    expectProblem(await send({ ...body, [field]: 'x'.repeat(2_000_000) }), 413);
  });

  it('refuses anything but JSON', async () => {
    expectProblem(await send('a=1', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'Content-Type');
    expectProblem(await send('<a/>', { 'content-type': 'text/xml' }), 415, 'Content-Type');
  });
});

describe('every route that needs a user', () => {
  const routes = [
    ...COMMANDS.filter(([, path]) => !path.includes('/auth/')).map(([method, path, body]) => ({ method, path, body })),
    { method: 'DELETE', path: `/api/v1/support/${TICKET}`, body: undefined },
    { method: 'POST', path: '/api/v1/notifications/read-all', body: {} },
    { method: 'POST', path: '/api/v1/notifications/seen', body: {} },
    ...READS.map((path) => ({ method: 'GET', path, body: undefined })),
  ];

  it.each(routes)('$method $path refuses a request without a valid token', async ({ method, path, body }) => {
    const unsigned = new UnsecuredJWT({ role: 'admin' }).setSubject('2').setExpirationTime('1h').encode();
    for (const client of [api.anonymous, clientOf(api.url, unsigned), clientOf(api.url, 'nonsense')]) {
      const refused = await client.send(method, path, body);
      expectProblem(refused, 401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
  });
});

describe('input outside the body', () => {
  it.each([
    ['/api/v1/support?status=lost', 'status'],
    ['/api/v1/support?limit=0', 'limit'],
    ['/api/v1/support?limit=101', 'limit'],
    ['/api/v1/support?limit=ten', 'limit'],
    ['/api/v1/support?limit=5.5', 'limit'],
    ['/api/v1/support?limit=1&limit=2', 'limit'],
    ['/api/v1/support?colour=red', 'colour'],
    ['/api/v1/support?__proto__=1', '__proto__'],
    ['/api/v1/support?cursor=%00', 'cursor'],
    ['/api/v1/support?cursor=', 'cursor'],
    ['/api/v1/notifications?unread=perhaps', 'unread'],
    ['/api/v1/tickets?unread=1', 'unread'],
    ['/api/v1/tickets?q=%00', 'q'],
    ['/api/v1/tickets?q=%E9', 'q'],
    ['/api/v1/tickets?q=%C2%9B', 'q'],
    ['/api/v1/tickets?q=%E2%80%8B', 'q'],
    ['/api/v1/tickets?requesterId=a%0Ab', 'requesterId'],
    ['/api/v1/tickets/9007199254740993', 'ticketId'],
    ['/api/v1/support/9007199254740993', 'support_id'],
    ['/api/v1/users/%E3%85%A4', 'userId'],
    ['/api/v1/users/a%C2%85', 'userId'],
    ['/api/v1/tickets?category=love', 'category'],
    ['/api/v1/tickets/a.b', 'ticketId'],
    [`/api/v1/tickets/${TICKET}/events?after=-1`, 'after'],
    ['/api/v1/users?role=emperor', 'role'],
    [`/api/v1/users/${'x'.repeat(129)}`, 'userId'],
    ['/api/v1/references/planet/1', 'type'],
    ['/api/v1/rooms/a%20b', 'name'],
    [`/api/v1/rooms/${'x'.repeat(65)}`, 'name'],
    [`/api/tickets/${TICKET}/chat?before=-1`, 'before'],
    [`/api/tickets/${TICKET}/chat?after=99999999999`, 'after'],
    ['/api/tickets/..%2F..%2Fetc/chat', 'ticketId'],
    ['/api/tickets/a%00b/chat', 'ticketId'],
    ['/api/tickets/%F0%9F%99%82/chat', 'ticketId'],
    ['/api/v1/support/a.b', 'support_id'],
  ])('GET %s is refused, naming the field', async (path, field) => {
    expectProblem(await driver.send('GET', path), 400, field);
  });

  it.each([
    ['PUT', '/api/v1/rooms/lobby', { private: 'no' }, 'private'],
    ['PUT', '/api/v1/rooms/lobby', { private: true, members: 'all' }, 'members'],
    ['PUT', '/api/v1/references/station/1', { vendorId: 'v' }, 'vendorId'],
    ['PUT', '/api/v1/references/dispatch/1', { verifiedBy: 'v' }, 'verifiedBy'],
    ['POST', `/api/v1/tickets/${TICKET}/read`, { upTo: '7' }, 'upTo'],
    ['POST', `/api/v1/tickets/${TICKET}/read`, { upTo: 1.5 }, 'upTo'],
    ['POST', '/api/v1/tickets', { description: 'x', tags: ['a', 'a'] }, 'tags'],
    ['POST', '/api/v1/tickets', { description: ' ' }, 'description'],
    ['POST', '/api/v1/users', { name: 'x', role: 'emperor' }, 'role'],
    ['POST', '/api/v1/users', { name: 'x', role: 'driver', email: 'nowhere' }, 'email'],
    ['POST', '/api/v1/users', { name: 'x', role: 'driver', email: 'a@b', password: 'short' }, 'password'],
    ['POST', '/api/v1/users', { name: 'x', role: 'driver', password: 'kettle on thursday' }, 'email'],
    ['PATCH', '/api/v1/users/1', { active: 'false' }, 'active'],
    ['POST', '/api/v1/users', { name: 'a\nb', role: 'driver' }, 'name'],
    ['POST', '/api/v1/users', { name: 'x', role: 'driver', vendorId: 'a\u2028b' }, 'vendorId'],
    ['PUT', '/api/v1/references/station/1', { name: 'a\nb' }, 'name'],
    ['POST', '/api/v1/tickets', { description: 'x', tags: ['a\nb'] }, 'tags.0'],
    ['POST', '/api/v1/notifications', { type: 'a', title: 'a\nb', message: 'x', role: 'admin' }, 'title'],
    ['POST', '/api/v1/support', '{"description": "x", "user_id": 9007199254740993}', 'user_id'],
    ['POST', '/api/v1/support', '{"description": "x", "user_id": 1.0000000000000000001}', 'user_id'],
    ['POST', '/api/v1/support', '{"description": "x", "station_id": 1e400}', 'station_id'],
    ['PATCH', '/api/v1/support/1', '{"assignee_id": 1e21}', 'assignee_id'],
    [
      'POST',
      '/api/v1/notifications',
      '{"type":"a","title":"a","message":"x","role":"admin","data":{"a":1e400}}',
      'data.a',
    ],
  ])('%s %s with %o is refused, naming %s', async (method, path, body, field) => {
    expectProblem(await admin.send(method, path, body), 400, field);
  });

  it.each([
    ['idempotency-key', 'a b', 'Idempotency-Key'],
    ['idempotency-key', 'x'.repeat(129), 'Idempotency-Key'],
    ['if-match', 'seven', 'If-Match'],
    ['if-match', '"1", "2"', 'If-Match'],
  ])('%s: %s is refused, naming the header', async (name, value, field) => {
    expectProblem(
      await admin.send('PATCH', `/api/v1/support/${TICKET}`, { status: 'open' }, { [name]: value }),
      400,
      field,
    );
  });

  it('refuses an invalid position', async () => {
    const headers = { 'deskwire-min-position': '-1' };
    expectProblem(await driver.send('GET', '/api/v1/support', undefined, headers), 400, 'Deskwire-Min-Position');
  });

  it('answers with a problem at an unknown address', async () => {
    expectProblem(await driver.send('GET', '/api/v1/nothing'), 404);
    expectProblem(await driver.send('PUT', '/api/v1/support'), 405);
    expectProblem(await driver.send('GET', '/api/v1/support/%'), 400);
  });

  it('accepts a request id only if it is safe to log', async () => {
    const given = await driver.send('GET', '/livez', undefined, { 'x-request-id': 'abc-123' });
    expect(given.headers.get('x-request-id')).toBe('abc-123');
    const odd = await driver.send('GET', '/livez', undefined, { 'x-request-id': 'a b' });
    expect(odd.headers.get('x-request-id')).not.toBe('a b');
  });

  it('survives bytes that are not HTTP', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.end('GET / HTTP/1.1\r\nHost: \u0000\r\n\u0001\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect((await driver.send('GET', '/livez')).status).toBe(200);
  });
});

it('all these requests leave the log unchanged', async () => {
  const { position } = await api.node.reader.head();
  const { rows } = await api.node.pool.query<{ count: string }>(
    `select count(*) from deskwire.events where type not in ('UserRegistered', 'ReferenceSet')
     and data ->> 'activity' is distinct from 'signed_in'`,
  );
  expect(position).toBeGreaterThan(0);
  expect(Number(rows[0]?.count)).toBe(0);
});
