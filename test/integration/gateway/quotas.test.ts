/**
 * Test the daily quotas of users where they post: over REST and on sockets, together. A repetition gets the first
 * answer even when nothing is left. Source: docs/decisions/0053.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, type Node, openTicket, signIn, startNode, startServices } from './rig.ts';

const TICKETS = { perDay: 6, block: 2 };
const ROOMS = { perDay: 3, block: 1 };

let owned: AsyncDisposableStack;
let node: Node;

beforeAll(async () => {
  await using stack = new AsyncDisposableStack();
  const services = stack.use(await startServices());
  node = stack.use(await startNode(services, { quotas: { messages: TICKETS, roomMessages: ROOMS } }));
  owned = stack.move();
});

afterAll(() => owned?.[Symbol.asyncDispose]());

const keyed = (client: Client, key: string, path: string, body: unknown) =>
  fetch(node.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  }).then(async (response) => ({
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { id: string },
  }));

it('counts tickets and messages over REST and sockets together, and answers repetitions for ever', async () => {
  const driver = await signIn(node.url, 'driver');
  const other = await signIn(node.url, 'driver2');
  const opened = await keyed(driver, 'open-1', '/api/v1/support', { description: 'It does not start' });
  expect(opened.status).toBe(201);
  const { id } = opened.body;
  using socket = driver.connect();
  await socket.first('connected');
  const sent = { ticketId: id, message: 'first', clientMessageId: 'c-1' };
  const first = await socket.ask('send_message', sent);
  const second = await keyed(driver, 'key-2', `/api/tickets/${id}/chat`, { message: 'second' });
  const both = { message: 'third', clientMessageId: 'c-3' };
  const third = await keyed(driver, 'key-3', `/api/v1/tickets/${id}/messages`, both);
  expect([first.success, second.status, third.status]).toEqual([true, 201, 201]);
  expect((await driver.send('POST', `/api/tickets/${id}/chat`, { message: 'fourth' })).status).toBe(201);
  expect((await socket.ask('send_message', { ticketId: id, message: 'fifth' })).success).toBe(true);

  const refused = await driver.send('POST', `/api/tickets/${id}/chat`, { message: 'sixth' });
  expect(refused).toMatchObject({ status: 429, body: { type: 'urn:deskwire:problem:rate_limited' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const unknown = { ticketId: id, message: 'sixth', clientMessageId: 'c-6' };
  expect(await socket.ask('send_message', unknown)).toMatchObject({
    success: false,
    error: { type: 'rate_limited', retryAfter: expect.any(Number) },
  });
  expect((await driver.send('POST', '/api/v1/support', { description: 'Another' })).status).toBe(429);
  expect((await driver.send('POST', '/api/v1/tickets', { description: 'Another' })).status).toBe(429);

  // Repetitions, on the way of the first time and on the other one.
  expect((await socket.ask('send_message', sent)).message.id).toBe(first.message.id);
  const overRest = await driver.send('POST', `/api/tickets/${id}/chat`, { message: 'first', clientMessageId: 'c-1' });
  expect(overRest).toMatchObject({ status: 201, body: { id: first.message.id, version: first.version } });
  const again = await keyed(driver, 'key-2', `/api/tickets/${id}/chat`, { message: 'second' });
  expect(again).toMatchObject({ status: 201, body: { id: second.body.id } });
  expect((await keyed(driver, 'key-3', `/api/v1/tickets/${id}/messages`, both)).body.id).toBe(third.body.id);
  expect((await keyed(driver, 'key-2', `/api/tickets/${id}/chat`, { message: 'other' })).status).toBe(422);
  const reopened = await keyed(driver, 'open-1', '/api/v1/support', { description: 'It does not start' });
  expect(reopened).toMatchObject({ status: 201, body: { id } });

  // The quota of one user is nobody else's.
  await openTicket(other);
});

it('counts room messages by their size, and answers their repetitions', async () => {
  const vendor = await signIn(node.url, 'vendor');
  using socket = vendor.connect();
  await socket.first('connected');
  const large = { room: 'quota', message: { text: 'x'.repeat(5_000) }, clientMessageId: 'large' };
  const first = await socket.ask('roomMessage', large);
  expect(first.success).toBe(true);
  expect(await socket.ask('roomMessage', { room: 'quota', message: { text: 'x'.repeat(5_000) } })).toMatchObject({
    success: false,
    error: { type: 'rate_limited' },
  });
  expect((await socket.ask('roomMessage', { room: 'quota', message: 'small' })).success).toBe(true);
  expect(await socket.ask('roomMessage', { room: 'quota', message: 'small' })).toMatchObject({ success: false });
  expect(await socket.ask('roomMessage', large)).toMatchObject({ success: true, version: first.version });
});
