import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRig, type Client, startApi } from './rig.ts';

let api: ApiRig;
let admin: Client;
let agent: Client;
let service: Client;
let driver: Client;

beforeAll(async () => {
  api = await startApi();
  admin = await api.as('admin@example.com');
  agent = await api.as('agent@example.com');
  service = await api.as('service@example.com');
  driver = await api.as('driver@example.com');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const USERS = '/api/v1/users';
const login = (email: string, password: string) =>
  api.anonymous.send('POST', '/api/v1/auth/login', { email, password });

describe('a user', () => {
  const ada = {
    name: 'Ada',
    role: 'VENDOR',
    email: 'ada@example.com',
    vendorId: 'v-7',
    password: 'kettle on thursday',
  };

  it('is registered with a password, once per idempotency key, and signs in with it', async () => {
    const key = { 'idempotency-key': 'ada' };
    const { status, headers, body } = await admin.send('POST', USERS, ada, key);
    expect(status).toBe(201);
    const { password: _, ...visible } = ada;
    expect(body).toEqual({ ...visible, role: 'vendor', id: expect.any(String), active: true, version: 1 });
    expect(headers.get('location')).toBe(`${USERS}/${body.id}`);
    expect((await admin.send('POST', USERS, ada, key)).body).toEqual(body);
    expect((await admin.send('POST', USERS, { ...ada, name: 'Eve' }, key)).status).toBe(422);
    expect((await login('ADA@example.com', 'kettle on thursday')).body.user).toMatchObject({
      id: body.id,
      vendorId: 'v-7',
    });
    const { rows } = await api.node.pool.query(`select data, metadata from deskwire.events where stream = $1`, [
      `user.${body.id}`,
    ]);
    expect(JSON.stringify(rows)).not.toContain('kettle on thursday');
  });

  it('is not registered with an email or an id that is taken, and no password is stored', async () => {
    const taken = { name: 'Bob', role: 'driver', email: 'Driver@example.com', password: 'kettle on thursday' };
    expect(await admin.send('POST', USERS, taken)).toMatchObject({ status: 409, body: { field: 'email' } });
    const known = {
      id: '8',
      name: 'driver2',
      role: 'driver',
      email: 'driver2@example.com',
      password: 'kettle on thursday',
    };
    expect(await admin.send('POST', USERS, known)).toMatchObject({ status: 409, body: { field: 'id' } });
    expect((await login('driver2@example.com', 'kettle on thursday')).status).toBe(401);
    expect((await login('driver2@example.com', 'deskwire-demo')).status).toBe(200);
  });

  it('can be registered by a service, with the id of the product, without a password', async () => {
    const product = { id: 'product|42', name: 'Cleo', role: 'customer' };
    expect((await service.send('POST', USERS, product)).body).toMatchObject({ ...product, active: true });
    const { body } = await agent.send('GET', `${USERS}/${encodeURIComponent(product.id)}`);
    expect(body).toEqual({ ...product, active: true, version: 1 });
    expect((await service.send('POST', USERS, { name: 'Root', role: 'admin' })).status).toBe(403);
  });

  it('can read their own user', async () => {
    const { status, headers, body } = await driver.send('GET', `${USERS}/me`);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: '1',
      name: 'john_driver',
      role: 'driver',
      active: true,
      email: 'driver@example.com',
      version: expect.any(Number),
    });
    expect(headers.get('etag')).toBe(`"${body.version}"`);
  });

  it('is found by staff by words, role and activity, page by page', async () => {
    const { body } = await agent.send('GET', `${USERS}?q=driver%20EXAMPLE&role=Driver&active=true&limit=1`);
    expect(body.items.map((user: { id: string }) => user.id)).toEqual(['1']);
    const next = await agent.send('GET', `${USERS}?q=driver&role=driver&limit=1&cursor=${body.nextCursor}`);
    expect(next.body.items.map((user: { id: string }) => user.id)).toEqual(['8']);
  });

  it('is changed by admins, from the version that they saw, notifications included', async () => {
    const path = `${USERS}/7`;
    await service.send('POST', '/api/v1/notifications', { userIds: ['7'], type: 'news', title: 'News', message: 'x' });
    const etag = (await admin.send('GET', path)).headers.get('etag') ?? '';
    const changed = await admin.send('PATCH', path, { role: 'Agent', name: 'Now agent' }, { 'if-match': etag });
    expect(changed).toMatchObject({ status: 200, body: { role: 'agent', name: 'Now agent' } });
    expect((await admin.send('PATCH', path, { name: 'x' }, { 'if-match': etag })).status).toBe(412);
    expect((await agent.send('GET', path)).body).toEqual(changed.body);
    expect((await admin.send('PATCH', `${USERS}/none`, { name: 'x' })).status).toBe(404);
    expect((await admin.send('PATCH', `${USERS}/2`, { active: false })).status).toBe(409);
  });

  it('loses all tokens when deactivated, refresh tokens for good', async () => {
    await admin.send('POST', USERS, {
      id: 'gone',
      name: 'Gone',
      role: 'driver',
      email: 'gone@example.com',
      password: 'kettle on thursday',
    });
    const { body: tokens } = await login('gone@example.com', 'kettle on thursday');
    expect((await admin.send('PATCH', `${USERS}/gone`, { active: false })).body.active).toBe(false);
    expect((await login('gone@example.com', 'kettle on thursday')).status).toBe(401);
    await admin.send('PATCH', `${USERS}/gone`, { active: true });
    const refresh = { refresh_token: tokens.refresh_token };
    expect((await api.anonymous.send('POST', '/api/v1/auth/refresh', refresh)).status).toBe(401);
    expect((await login('gone@example.com', 'kettle on thursday')).status).toBe(200);
  });
});

describe('a reference', () => {
  const path = '/api/v1/references/grn/grn-9';

  it('is replaced whole, only at the version that If-Match names', async () => {
    const first = await service.send('PUT', path, { vendorId: 'v-1', verifiedBy: '6' });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({ type: 'grn', id: 'grn-9', name: null, vendorId: 'v-1', verifiedBy: '6', version: 1 });
    const second = await admin.send('PUT', path, { vendorId: 'v-2' }, { 'if-match': first.headers.get('etag') ?? '' });
    expect(second).toMatchObject({ status: 200, body: { vendorId: 'v-2', verifiedBy: null, version: 2 } });
    expect((await admin.send('PUT', path, { vendorId: 'v-3' }, { 'if-match': '"1"' })).status).toBe(412);
    const read = await agent.send('GET', path);
    expect(read.body).toEqual(second.body);
    expect(read.headers.get('etag')).toBe('"2"');
    expect((await agent.send('GET', '/api/v1/references/station/grn-9')).status).toBe(404);
  });

  it('gives and removes access to the tickets that point at it', async () => {
    const vendor = await api.as('vendor@example.com');
    const grn = '/api/v1/references/grn/grn-10';
    await service.send('PUT', grn, { vendorId: 'vendor-1' });
    const { body: ticket } = await driver.send('POST', '/api/v1/tickets', { description: 'x', grnId: 'grn-10' });
    const seen = async () => (await vendor.send('GET', `/api/v1/tickets/${ticket.id}`)).status;
    expect(await seen()).toBe(200);
    await service.send('PUT', grn, { vendorId: 'vendor-2' });
    expect(await seen()).toBe(404);
  });
});

describe('a room', () => {
  const path = '/api/v1/rooms/Desk.1';

  it('does not exist before its first use, then is made private and open again', async () => {
    expect((await driver.send('GET', path)).status).toBe(404);
    const closed = await admin.send('PUT', path, { private: true, members: ['4', '4'] });
    expect(closed).toMatchObject({ status: 200, body: { name: 'Desk.1', private: true, members: ['4'], version: 1 } });
    expect((await agent.send('GET', path)).body).toMatchObject(closed.body);
    expect((await driver.send('GET', path)).status).toBe(403);
    expect((await admin.send('PUT', path, { private: false }, { 'if-match': '"7"' })).status).toBe(412);
    const open = await service.send('PUT', path, { private: false }, { 'if-match': '"1"' });
    expect(open.headers.get('etag')).toBe('"2"');
    expect((await driver.send('GET', path)).body).toMatchObject({ private: false, members: [], version: 2 });
  });

  it('is listed by name, page by page', async () => {
    for (const name of ['a', 'b', 'c'])
      await admin.send('PUT', `/api/v1/rooms/${name}`, { private: true, members: ['1'] });
    const first = await driver.send('GET', '/api/v1/rooms?limit=2');
    const second = await driver.send('GET', `/api/v1/rooms?limit=5&cursor=${first.body.nextCursor}`);
    const names = [...first.body.items, ...second.body.items].map((room) => room.name);
    expect(names).toEqual(['Desk.1', 'a', 'b', 'c']);
    expect((await agent.send('GET', '/api/v1/rooms')).body.items).toHaveLength(1);
  });
});
