/** What one request sends to many is bounded by its bytes times its recipients, and sent in pieces. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contract/limits.ts';
import { type ApiRig, type Client, startApi } from './rig.ts';

let api: ApiRig;
let service: Client;
let driver: Client;
const customers = Array.from({ length: 170 }, (_, index) => `customer-${index}`);

beforeAll(async () => {
  api = await startApi();
  service = await api.as('service@example.com');
  driver = await api.as('driver@example.com');
  const admin = await api.as('admin@example.com');
  const registered = await Promise.all(
    customers.map((id) => admin.send('POST', '/api/v1/users', { id, name: id, role: 'customer' })),
  );
  expect(new Set(registered.map(({ status }) => status))).toEqual(new Set([201]));
});
afterAll(() => api[Symbol.asyncDispose]());

const many = Array.from({ length: 1_000 }, (_, index) => `nobody-${index}`);
const large = { text: 'x'.repeat(100_000) };
const notify = (body: object) =>
  service.send('POST', '/api/v1/notifications', { type: 'news', title: 'News', message: 'x', ...body });
const head = async () => (await api.node.reader.head()).position;

describe('a notification', () => {
  it.each([
    ['data', { userIds: many, data: large }],
    ['data', { userIds: many, message: 'é'.repeat(2_000), data: { text: 'x'.repeat(20_000) } }],
    ['message', { userIds: many, message: '😀'.repeat(5_000), data: { text: 'x' } }],
    ['data', { role: 'customer', data: large }],
  ])('that is too large for its recipients is refused by its %s, and none gets it', async (field, body) => {
    const before = await head();
    const refused = await notify(body);
    expect(refused).toMatchObject({ status: 413, body: { code: 'payload_too_large', field } });
    expect(await head()).toBe(before);
  });

  it('of the same size goes to fewer recipients, in pieces', async () => {
    const userIds = customers.slice(0, 45);
    expect(await notify({ userIds, data: large })).toMatchObject({ status: 201, body: { recipients: 45 } });
    expect(await notify({ userIds: [...userIds, ...userIds], data: large })).toMatchObject({
      body: { recipients: 45 },
    });
  });

  it('of ordinary size goes to a whole role', async () => {
    const sent = await notify({ role: 'customer', message: 'x'.repeat(LIMITS.message) });
    expect(sent).toMatchObject({ status: 201, body: { recipients: customers.length } });
  });

  it('names the first unknown user by their place in the list', async () => {
    const refused = await notify({ userIds: ['customer-0', 'customer-0', 'nobody'] });
    expect(refused).toMatchObject({ status: 404, body: { field: 'userIds.2' } });
  });

  it('is refused for who may not send it, whatever its size', async () => {
    const body = { userIds: many, type: 'news', title: 'News', message: 'x', data: large };
    expect((await driver.send('POST', '/api/v1/notifications', body)).status).toBe(403);
  });
});

it('an event to several users is refused by its data when it is too large for them', async () => {
  const send = (client: Client, userIds: readonly string[]) =>
    client.send('POST', '/websocket/event/users/said', { userIds, data: large });
  expect(await send(service, many)).toMatchObject({ status: 413, body: { code: 'payload_too_large', field: 'data' } });
  expect((await send(driver, many)).status).toBe(403);
});
