/**
 * Two tickets with the same history, one of them with internal notes: the requester hears the same of both on every
 * socket. What left a user's sight leaves their inbox, and reading a conversation reads its notifications.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { listen } from '../gateway/rig.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

const driver = () => world.client('driver');
const colleague = () => world.client('colleague');

async function open(): Promise<string> {
  const { body } = await driver().send('POST', '/api/v1/tickets', { description: 'The battery does not charge' });
  return body.id;
}

async function say(id: string, message: string, internal = false): Promise<void> {
  const { status } = await colleague().send('POST', `/api/tickets/${id}/chat`, { message, internal });
  expect(status).toBe(201);
}

/** Without everything by which two things differ that are alike. */
const OWN = ['id', 'messageId', 'createdAt', 'updatedAt', 'created_at', 'updated_at', 'timestamp', 'time', 'epoch'];
const COUNTED = ['number', 'position', 'seq', 'support_id', 'clientId'];
const plain = (value: unknown, id: string): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, one) => ([...OWN, ...COUNTED].includes(key) ? undefined : one)).replaceAll(
      id,
      'ticket',
    ),
  );

it('a requester hears and reads the same with and without notes', async () => {
  const shown = async (secretly: boolean) => {
    const id = await open();
    const note = () => (secretly ? say(id, 'between us', true) : undefined);
    const tell: unknown[] = [];
    using chat = listen(world.node.url, { auth: { token: driver().token } });
    using support = listen(`${world.node.url}/support`, { auth: { token: driver().token } });
    using inbox = listen(`${world.node.url}/notifications`, { auth: { token: driver().token } });
    using staff = listen(world.node.url, { auth: { token: colleague().token } });
    const unread = async () => (await driver().send('GET', '/api/v1/notifications/unread-count')).body.count;
    const unreadBefore = await unread();
    await inbox.first('connected');
    await staff.ask('join_ticket', { ticketId: id });
    await say(id, 'one');
    await note();
    tell.push(await chat.ask('join_ticket', { ticketId: id }), await support.ask('join-ticket', { ticketId: id }));
    tell.push(await chat.ask('subscribe', { stream: `ticket:${id}` }));
    await note();
    // A socket reads and types about the note alone, and its only author is taken off the ticket.
    if (secretly) {
      await staff.ask('typing_start', { ticketId: id, internal: true });
      await staff.ask('mark_ticket_read', { ticketId: id, upTo: 4 });
      const { status } = await world.client('agent').send('POST', `/api/tickets/${id}/chat`, {
        message: 'a second opinion',
        internal: true,
      });
      expect(status).toBe(201);
    }
    const taken = await world.client('admin').send('DELETE', `/api/v1/tickets/${id}/participants/cast-agent`);
    expect(taken.status).toBe(204);
    await say(id, 'two');
    await colleague().send('POST', `/api/v1/tickets/${id}/read`, { upTo: 3 });
    await note();
    tell.push(await chat.ask('send_message', { ticketId: id, message: 'three' }));
    await until(() => JSON.stringify(support.heard).includes('three'), 'the last message');
    tell.push(await chat.ask('mark_ticket_read', { ticketId: id, upTo: 2 }));
    tell.push(await chat.ask('join_ticket', { ticketId: id, after: 2 }));
    tell.push(await chat.ask('join_ticket', { ticketId: id, after: 99 }));
    tell.push(await support.ask('join-ticket', { ticketId: id, after: 3 }));
    tell.push(await chat.ask('load_history', { ticketId: id, before: 4, limit: 2 }));
    tell.push((await driver().send('POST', `/api/tickets/${id}/chat`, { message: 'four' })).body);
    await say(id, 'five');
    await inbox.first('notification:new', ({ data, message }) => data.ticketId === id && message.includes('five'));
    const paths = [
      '',
      '/messages',
      '/messages?after=2',
      '/messages?before=3',
      '/messages?limit=2',
      '/participants',
    ].map((path) => `/api/v1/tickets/${id}${path}`);
    for (const path of [...paths, `/api/v1/support/${id}`, `/api/tickets/${id}/chat`]) {
      const response = await driver().fetch(path);
      tell.push(response.headers.get('etag'), await response.json());
    }
    const { body: list } = await driver().send('GET', '/api/v1/tickets?unread=true&limit=100');
    tell.push(list.items.filter((item: { id: string }) => item.id === id));
    await until(async () => (await unread()) === unreadBefore + 1, 'one unread notification');
    const heard = [
      ...chat.heard.filter(({ name }) => name !== 'ticket_unread'),
      ...support.heard,
      ...inbox.all('notification:new'),
    ];
    return plain([tell, heard.filter((one) => JSON.stringify(one).includes(id))], id);
  };
  expect(await shown(true)).toEqual(await shown(false));
}, 120_000);

it('an ETag stays while people read and note, and changes with the ticket', async () => {
  const id = await open();
  const tags = async () => {
    const response = await driver().fetch(`/api/v1/tickets/${id}`);
    const { updatedAt } = (await response.json()) as { updatedAt: string };
    return { etag: response.headers.get('etag'), updatedAt };
  };
  const etag = async () => (await tags()).etag;
  const first = await etag();
  const before = await tags();
  await say(id, 'between us', true);
  await driver().send('POST', `/api/v1/tickets/${id}/read`, { upTo: 1 });
  expect(await tags()).toEqual(before);
  const { status } = await colleague().send('PATCH', `/api/v1/tickets/${id}`, { priority: 'high' });
  expect(status).toBe(200);
  expect(await etag()).not.toBe(first);
}, 60_000);

it('reading a conversation reads its notifications, and a deleted ticket leaves the inbox', async () => {
  const id = await open();
  const unread = async () => (await driver().send('GET', '/api/v1/notifications/unread-count')).body.count;
  const inbox = async () => JSON.stringify((await driver().send('GET', '/api/v1/notifications?limit=100')).body.items);
  const before = await unread();
  await say(id, 'a word for the inbox');
  await until(async () => (await unread()) === before + 1, 'the notification');
  using socket = listen(`${world.node.url}/notifications`, { auth: { token: driver().token } });
  await socket.first('connected');
  const { body } = await driver().send('POST', `/api/v1/tickets/${id}/read`, { upTo: 2 });
  expect(body).toMatchObject({ upTo: 2, unread: 0 });
  await until(async () => (await unread()) === before, 'the notification to be read');
  await socket.first('marked-as-read');
  await world.client('admin').send('DELETE', `/api/v1/tickets/${id}`);
  await until(async () => !(await inbox()).includes('a word for the inbox'), 'the preview to leave');
  expect(await inbox()).toContain('support_ticket_deleted');
}, 60_000);

it('a service gives neither a password nor a vendorId that somebody has', async () => {
  const service = world.client('service');
  const user = { name: 'Mallory', role: 'vendor' };
  const password = { ...user, email: 'mallory@example.com', password: 'long enough to pass' };
  expect((await service.send('POST', '/api/v1/users', password)).status).toBe(403);
  const { body } = await world.client('admin').send('GET', '/api/v1/users?role=vendor');
  const vendorId = body.items.find((one: { vendorId?: string }) => one.vendorId)?.vendorId;
  expect((await service.send('POST', '/api/v1/users', { ...user, vendorId })).status).toBe(403);
  const made = await service.send('POST', '/api/v1/users', { ...user, vendorId: 'nobody-has-this' });
  expect(made.status).toBe(201);
  // Nor later, nor to itself, nor to somebody who is there.
  for (const id of [made.body.id, 'cast-service', 'cast-customer']) {
    for (const change of [{ role: 'vendor' }, { vendorId }, { password: 'a quiet harbour at dawn' }]) {
      const { status } = await service.send('PATCH', `/api/v1/users/${id}`, change);
      expect([id, change, [400, 403].includes(status)]).toEqual([id, change, true]);
    }
    const again = await service.send('POST', '/api/v1/users', { ...user, id, vendorId: 'nor-this' });
    expect([id, again.status]).toEqual([id, 409]);
  }
  for (const role of ['service', 'agent', 'ops', 'accounts', 'admin']) {
    expect([role, (await service.send('POST', '/api/v1/users', { ...user, role })).status]).toEqual([role, 403]);
  }
});
