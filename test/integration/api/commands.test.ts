import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRig, type Client, noQueries, startApi } from './rig.ts';

let api: ApiRig;
let driver: Client;
let admin: Client;
let agent: Client;
let stranger: Client;

beforeAll(async () => {
  api = await startApi({ queries: noQueries() });
  driver = await api.as('driver@example.com');
  admin = await api.as('admin@example.com');
  agent = await api.as('agent@example.com');
  stranger = await api.as('driver2@example.com');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const opened = async (fields: object = {}, headers: Record<string, string> = {}) =>
  driver.send('POST', '/api/v1/support', { description: 'The machine is stuck', ...fields }, headers);

describe('signing in over HTTP', () => {
  it('answers as seed clients expect', async () => {
    const credentials = { email: 'vendor@example.com', password: 'deskwire-demo' };
    const { status, headers, body } = await api.anonymous.send('POST', '/api/v1/auth/login', credentials);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3_600,
      user: { id: '5', name: 'vendor', role: 'vendor', email: 'vendor@example.com', vendorId: 'vendor-1' },
    });
    const again = await api.anonymous.send('POST', '/api/v1/auth/refresh', { refresh_token: body.refresh_token });
    expect(again.status).toBe(200);
    expect(again.body.refresh_token).not.toBe(body.refresh_token);
  });

  it('ends with signing out', async () => {
    const leaving = await api.as('accounts@example.com');
    expect((await leaving.send('POST', '/api/v1/auth/logout')).status).toBe(200);
    expect((await leaving.send('POST', '/api/v1/auth/logout')).body.code).toBe('unauthorized');
  });

  it('counts attempts by the address that a trusted proxy sends, and trusts no other proxy', async () => {
    const attempt = async (of: ApiRig, address: string) => {
      const credentials = { email: 'driver@example.com', password: 'wrong' };
      return (await of.anonymous.send('POST', '/api/v1/auth/login', credentials, { 'x-forwarded-for': address }))
        .status;
    };
    const attempts = (of: ApiRig, address: string) =>
      Promise.all(Array.from({ length: 11 }, () => attempt(of, address)));
    const auth = { limitAttempts: true };
    await using behind = await startApi({ queries: noQueries(), auth, config: { trustProxy: ['loopback'] } });
    expect(await attempts(behind, '203.0.113.1')).toContain(429);
    expect(await attempt(behind, '203.0.113.2')).toBe(401);
    await using open = await startApi({ queries: noQueries(), auth });
    expect(await attempts(open, '203.0.113.1')).toContain(429);
    expect(await attempt(open, '203.0.113.2')).toBe(429);
  });

  it('shows the public keys', async () => {
    const { body } = await api.anonymous.send('GET', '/.well-known/jwks.json');
    expect(body.keys).toEqual([expect.objectContaining({ alg: 'ES256', use: 'sig', kty: 'EC' })]);
    expect(body.keys[0]).not.toHaveProperty('d');
  });
});

describe("seed A's tickets", () => {
  it('are opened with the names and formats of its clients', async () => {
    const { status, headers, body } = await opened({ user_id: 1, station_id: 1 });
    expect(status).toBe(201);
    expect(body).toEqual({
      support_id: expect.any(Number),
      id: expect.any(String),
      user_id: 1,
      username: 'john_driver',
      description: 'The machine is stuck',
      status: 'open',
      station_id: 1,
      station_name: 'Central Station',
      category: 'general',
      priority: 'medium',
      assignee_id: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: body.created_at,
    });
    expect(headers.get('etag')).toBe('"1"');
    expect(Number(headers.get('deskwire-position'))).toBe(api.node.appender.lastPosition);
    expect(headers.get('location')).toBe(`/api/v1/support/${body.support_id}`);
  });

  it('accept ids as text', async () => {
    expect((await opened({ user_id: '1', station_id: '1' })).body).toMatchObject({ user_id: 1, station_id: 1 });
  });

  it('are refused for unknown users and stations, in the words of seed A', async () => {
    const user = await admin.send('POST', '/api/v1/support', { user_id: 999, description: 'x' });
    expect(user).toMatchObject({ status: 404, body: { message: 'User not found', statusCode: 404, field: 'user_id' } });
    const station = await opened({ station_id: 999 });
    expect(station).toMatchObject({ status: 404, body: { message: 'Station not found', field: 'station_id' } });
  });

  it('are opened by requesters for themselves only, whether or not the other exists', async () => {
    for (const other of [8, 999]) expect((await opened({ user_id: other })).status).toBe(403);
    const forDriver = await admin.send('POST', '/api/v1/support', { user_id: 1, description: 'x' });
    expect(forDriver).toMatchObject({ status: 201, body: { user_id: 1, username: 'john_driver' } });
  });

  it('are opened once per idempotency key and user', async () => {
    const headers = { 'idempotency-key': 'open-1' };
    const first = await opened({}, headers);
    const again = await opened({}, headers);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    const next = await opened();
    expect(next.body.support_id).toBe(first.body.support_id + 1);
    const other = await stranger.send('POST', '/api/v1/support', { description: 'x' }, headers);
    expect(other.body.id).not.toBe(first.body.id);
  });

  it('are opened for a key with one request only', async () => {
    const headers = { 'idempotency-key': 'open-another' };
    const first = await opened({ priority: 'high', category: 'other' }, headers);
    expect((await opened({ category: 'other', priority: 'high' }, headers)).body).toEqual(first.body);
    expect(await opened({ priority: 'low', category: 'other' }, headers)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused', field: 'Idempotency-Key' },
    });
  });

  it('give a repeated change its first answer, also after later changes', async () => {
    const { body: ticket } = await opened();
    const path = `/api/v1/support/${ticket.id}`;
    const headers = { 'idempotency-key': 'change-1' };
    const first = await admin.send('PATCH', path, { status: 'pending' }, { ...headers, 'if-match': '"1"' });
    await admin.send('PATCH', path, { status: 'closed', description: 'not for everyone' });
    const again = await admin.send('PATCH', path, { status: 'pending' }, { ...headers, 'if-match': '"1"' });
    expect(again.body).toEqual(first.body);
    for (const name of ['etag', 'deskwire-position']) expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect((await admin.send('PATCH', path, { status: 'open' }, headers)).status).toBe(422);
  });

  it('are opened once for many concurrent requests with one key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => opened({}, { 'idempotency-key': 'open-together' })),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.support_id)).size).toBe(1);
  });

  it('are changed by staff', async () => {
    const { body: ticket } = await opened();
    const changes = { status: 'in_progress', priority: 'high', category: 'payment', assignee_id: 4 };
    const { status, headers, body } = await admin.send('PATCH', `/api/v1/support/${ticket.id}`, changes);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...changes, support_id: ticket.support_id });
    expect(headers.get('etag')).toBe('"2"');
    const unassigned = await admin.send('PATCH', `/api/v1/support/${ticket.id}`, { assignee_id: null });
    expect(unassigned.body.assignee_id).toBeNull();
  });

  it('refuse changes by their requester, and do not exist for strangers', async () => {
    const { body: ticket } = await opened();
    const path = `/api/v1/support/${ticket.id}`;
    for (const change of [{ status: 'closed' }, { assignee_id: 4 }, { assignee_id: 999 }]) {
      expect((await driver.send('PATCH', path, change)).status).toBe(403);
      const refused = await stranger.send('PATCH', path, change);
      const nowhere = await stranger.send('PATCH', '/api/v1/support/00000000-0000-4000-8000-000000000000', change);
      expect(refused.status).toBe(404);
      expect({ ...refused.body, requestId: '' }).toEqual({ ...nowhere.body, requestId: '' });
    }
  });

  it('are changed only at the version that If-Match names', async () => {
    const { body: ticket } = await opened();
    const path = `/api/v1/support/${ticket.id}`;
    const stale = await admin.send('PATCH', path, { status: 'pending' }, { 'if-match': '"7"' });
    expect(stale).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect((await admin.send('PATCH', path, { status: 'pending' }, { 'if-match': '"1"' })).status).toBe(200);
    expect((await admin.send('PATCH', path, { status: 'open' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('stay closed', async () => {
    const { body: ticket } = await opened();
    const path = `/api/v1/support/${ticket.id}`;
    await admin.send('PATCH', path, { status: 'closed' });
    expect(await admin.send('PATCH', path, { status: 'open' })).toMatchObject({
      status: 409,
      body: { field: 'status' },
    });
  });

  it('are deleted by admins, and are then gone', async () => {
    const { body: ticket } = await opened();
    const path = `/api/v1/support/${ticket.id}`;
    expect((await agent.send('DELETE', path)).status).toBe(403);
    const headers = { 'idempotency-key': 'delete-1' };
    const gone = await admin.send('DELETE', path, undefined, headers);
    expect(gone).toMatchObject({ status: 200, body: { support_id: ticket.support_id, deleted: true } });
    expect((await admin.send('DELETE', path, undefined, headers)).body).toEqual(gone.body);
    expect((await admin.send('DELETE', path)).status).toBe(404);
    expect((await driver.send('POST', `/api/tickets/${ticket.id}/chat`, { message: 'still there?' })).status).toBe(404);
  });
});

describe('posting in the chat', () => {
  it('answers with the message', async () => {
    const { body: ticket } = await opened();
    const { status, headers, body } = await driver.send('POST', `/api/tickets/${ticket.id}/chat`, { message: 'hello' });
    expect(status).toBe(201);
    expect(headers.get('deskwire-position')).toBe(String(api.node.appender.lastPosition));
    expect(body).toEqual({
      id: expect.any(String),
      ticketId: ticket.id,
      version: 2,
      senderId: '1',
      sender: { id: '1', name: 'john_driver', role: 'driver' },
      message: 'hello',
      messageType: 'TEXT',
      attachments: [],
      internal: false,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  it.each([
    ['clientMessageId', { message: 'once', clientMessageId: 'm-1' }, {}],
    ['Idempotency-Key', { message: 'once' }, { 'idempotency-key': 'm-1' }],
  ])('happens once for the same %s', async (_what, body, headers) => {
    const { body: ticket } = await opened();
    const path = `/api/tickets/${ticket.id}/chat`;
    const answers = await Promise.all(Array.from({ length: 5 }, () => driver.send('POST', path, body, headers)));
    const later = await driver.send('POST', path, body, headers);
    expect(new Set([...answers, later].map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    const other = await agent.send('POST', path, body, headers);
    expect(other.body.id).not.toBe(later.body.id);
  });

  it('lets only staff post internal notes', async () => {
    const { body: ticket } = await opened();
    const path = `/api/tickets/${ticket.id}/chat`;
    const note = { message: 'do not tell', internal: true };
    expect((await driver.send('POST', path, note)).status).toBe(403);
    expect(await agent.send('POST', path, note)).toMatchObject({ status: 201, body: { internal: true } });
    expect((await stranger.send('POST', path, note)).status).toBe(404);
  });

  it('refuses attachments that do not exist', async () => {
    const { body: ticket } = await opened();
    const body = { message: 'see this', attachments: [{ id: 'none', name: 'a.png', url: 'x' }] };
    const refused = await driver.send('POST', `/api/tickets/${ticket.id}/chat`, body);
    expect(refused).toMatchObject({ status: 404, body: { field: 'attachments.0' } });
  });

  it('does not find a ticket with an unused number', async () => {
    const queries = noQueries({ ticketId: () => Promise.resolve(undefined) });
    await using other = await startApi({ queries });
    const client = await other.as('driver@example.com');
    expect((await client.send('POST', '/api/tickets/77/chat', { message: 'a' })).status).toBe(404);
  });
});

describe('sending notifications', () => {
  const notification = { type: 'news', title: 'News', message: 'There is news', data: { page: 7 } };

  it('is for services and admins', async () => {
    const service = await api.as('service@example.com');
    const to = { userIds: ['1', '8', '8'] };
    expect((await agent.send('POST', '/api/v1/notifications', { ...notification, ...to })).status).toBe(403);
    const sent = await service.send('POST', '/api/v1/notifications', { ...notification, ...to });
    expect(sent).toMatchObject({ status: 201, body: { recipients: 2 } });
    const events = await api.node.reader.readStream({ stream: 'user.8', after: 0, limit: 10 });
    expect(events.at(-1)).toMatchObject({ type: 'NotificationSent', data: notification });
  });

  it('sends nothing to anyone when one of them is unknown', async () => {
    const before = api.node.appender.lastPosition;
    const to = { userIds: ['1', 'nobody'] };
    const refused = await admin.send('POST', '/api/v1/notifications', { ...notification, ...to });
    expect(refused).toMatchObject({ status: 404, body: { message: 'User not found', field: 'userIds.1' } });
    expect(api.node.appender.lastPosition).toBe(before);
  });

  it.each([{}, { userIds: ['1'], role: 'driver' }, { role: 'emperor' }])('requires recipients: %o', async (to) => {
    expect((await admin.send('POST', '/api/v1/notifications', { ...notification, ...to })).status).toBe(400);
  });
});
