/** Test `/notifications` with real clients. Source: docs/protocol.md section 3. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Client, type Node, openTicket, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let admin2: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { replayLimit: 20 } });
  driver = await signIn(node.url, 'driver');
  admin = await signIn(node.url, 'admin');
  admin2 = await signIn(node.url, 'admin2');
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

function notify(userId: string, title: string) {
  return node.actors.execute(
    'user',
    userId,
    { type: 'SendNotification', notificationType: 'test', title, message: title, data: {}, priority: 'low' },
    {
      commandId: `test:${title}`,
      correlationId: title,
      by: { id: '9', name: 'service', role: 'service', active: true },
    },
  );
}

it('the greeting has the user’s id as a number, and the unread count follows', async () => {
  using socket = driver.connect('/notifications');
  expect(await socket.first('connected')).toMatchObject({
    message: 'Successfully connected',
    userId: 1,
    role: 'driver',
  });
  expect(await socket.first('unread-count')).toEqual({ count: expect.any(Number), unseen: expect.any(Number) });
});

it('notifies every admin, but not the requester, of a new ticket, under its own name and as notification:new', async () => {
  using one = admin.connect('/notifications');
  using two = admin2.connect('/notifications');
  using opener = driver.connect('/notifications');
  await Promise.all([one, two, opener].map((socket) => socket.first('unread-count')));
  const ticket = await openTicket(driver, { station_id: 1 });
  const fits = ({ data }: { data: { support_id?: number } }) => data.support_id === ticket.number;
  for (const socket of [one, two]) {
    const named = await socket.first('support:ticket:created', fits);
    expect(named).toEqual({
      id: expect.any(String),
      seq: expect.any(Number),
      type: 'support_ticket_created',
      title: 'New Support Ticket',
      message: 'User john_driver created a new support ticket',
      key: 'support_ticket_created',
      params: { username: 'john_driver' },
      data: expect.objectContaining({ support_id: ticket.number, user_id: 1, station_id: 1, status: 'open' }),
      priority: 'high',
      timestamp: expect.any(String),
    });
    expect(await socket.first('notification:new', fits)).toEqual(named);
  }
  expect(opener.all('notification:new')).toEqual([]);
});

it('replays the notifications after the last seq, in order, before live ones', async () => {
  using before = driver.connect('/notifications');
  await before.first('unread-count');
  await notify('1', 'seen');
  const { seq } = await before.first('notification:new', ({ title }) => title === 'seen');
  before.socket.disconnect();
  for (const title of ['missed 1', 'missed 2', 'missed 3']) await notify('1', title);
  using after = driver.connect('/notifications', { auth: { token: driver.token, lastSeq: seq } });
  await notify('1', 'live');
  await after.first('notification:new', ({ title }) => title === 'live');
  expect(after.all('notification:new').map((one) => one.seq)).toEqual([seq + 1, seq + 2, seq + 3, seq + 4]);
  expect(after.all('notification:new').map(({ title }) => title)).toEqual(['missed 1', 'missed 2', 'missed 3', 'live']);
});

it('sends resync when a client missed more than the replay limit, or gives a seq that does not exist', async () => {
  for (let at = 0; at < 25; at += 1) await notify('8', `many ${at}`);
  const driver2 = await signIn(node.url, 'driver2');
  const resyncs = async (cursor: object) => {
    using socket = driver2.connect('/notifications', { auth: { token: driver2.token, ...cursor } });
    return await socket.first('resync');
  };
  await until(async () => (await driver2.send('GET', '/api/v1/notifications/unread-count')).body.count === 25, '25');
  const { epoch } = await node.reader.head();
  const other = '7d0b2f0e-0000-4000-8000-000000000000';
  expect(await resyncs({ lastSeq: 0 })).toEqual({ lastSeq: 25, reason: 'too_old' });
  expect(await resyncs({ lastSeq: 0, epoch })).toEqual({ lastSeq: 25, reason: 'too_old' });
  for (const lastSeq of [26, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    expect(await resyncs({ lastSeq })).toEqual({ lastSeq: 25, reason: 'epoch' });
    expect(await resyncs({ lastSeq, epoch })).toEqual({ lastSeq: 25, reason: 'epoch' });
  }
  for (const lastSeq of [0, 10, 25]) {
    expect(await resyncs({ lastSeq, epoch: other })).toEqual({ lastSeq: 25, reason: 'epoch' });
  }
  using known = driver2.connect('/notifications', { auth: { token: driver2.token, lastSeq: 24, epoch } });
  await known.first('notification:new', ({ seq }) => seq === 25);
  expect(known.all('resync')).toEqual([]);
  using fresh = driver2.connect('/notifications', { auth: { token: driver2.token, epoch: other } });
  await fresh.first('unread-count');
  expect(fresh.all('resync')).toEqual([]);
  using socket = driver2.connect('/notifications', { auth: { token: driver2.token, lastSeq: 10 } });
  await socket.first('notification:new', ({ seq }) => seq === 25);
  expect(socket.all('resync')).toEqual([]);
});

const nonCursors = ['2', '', -1, 1.5, 1e308, null, {}, [1], true];

it.each(nonCursors.map((lastSeq) => [lastSeq]))('refuses %j as lastSeq, and names the field', async (lastSeq) => {
  using socket = driver.connect('/notifications', { auth: { token: driver.token, lastSeq } });
  expect(await socket.first('error')).toMatchObject({ type: 'invalid_payload', field: 'lastSeq' });
  await until(() => !socket.socket.connected, 'the end');
  expect(socket.heard.map(({ name }) => name)).toEqual(['error']);
  socket.heard.length = 0;
  // Another namespace does not take the field, so it does not refuse it.
  using chat = driver.connect('/', { auth: { token: driver.token, lastSeq } });
  await chat.first('connected');
});

it('refuses an epoch that is no text', async () => {
  using socket = driver.connect('/notifications', { auth: { token: driver.token, lastSeq: 1, epoch: 5 } });
  expect(await socket.first('error')).toMatchObject({ type: 'invalid_payload', field: 'epoch' });
});

it('sends the unread count to all of a user’s devices', async () => {
  using one = admin.connect('/notifications');
  using two = admin.connect('/notifications');
  await Promise.all([one, two].map((socket) => socket.first('unread-count')));
  await one.ask('mark-all-as-read');
  await notify('2', 'a');
  await notify('2', 'b');
  const { id } = await two.first('notification:new', ({ title }) => title === 'a');
  await two.first('unread-count', ({ count }) => count === 2);
  expect(await one.ask('mark-as-read', { notificationIds: [id] })).toMatchObject({ success: true, count: 1 });
  expect(await two.first('marked-as-read')).toEqual({ notificationIds: [id], count: 1 });
  await two.first('unread-count', ({ count }) => count === 1);
  expect(await one.ask('get-unread-count')).toEqual({ success: true, count: 1, unseen: 1 });
  expect(await two.ask('mark-all-as-read')).toEqual({ success: true, count: 0 });
  await until(() => one.all('unread-count').at(-1).count === 0, 'no unread');
  expect(one.all('marked-all-as-read').at(-1)).toEqual({ count: 0 });
  expect(two.all('marked-all-as-read').at(-1)).toEqual({ count: 0 });
});

it('answers a client that marks notifications as read which are read already', async () => {
  using socket = admin2.connect('/notifications');
  await socket.ask('mark-all-as-read');
  socket.heard.length = 0;
  socket.socket.emit('mark-all-as-read');
  expect(await socket.first('marked-all-as-read')).toEqual({ count: 0 });
  socket.socket.emit('get-unread-count');
  expect(await socket.first('unread-count')).toEqual({ count: 0, unseen: 0 });
});

it('sends to all of a user’s devices that the inbox was marked as seen', async () => {
  using one = admin2.connect('/notifications');
  using two = admin2.connect('/notifications');
  await Promise.all([one, two].map((socket) => socket.first('unread-count')));
  await one.ask('mark-all-as-read');
  await notify('3', 'a');
  await notify('3', 'b');
  const { seq: first } = await two.first('notification:new', ({ title }) => title === 'a');
  await two.first('unread-count', ({ unseen }) => unseen === 2);
  const ack = await one.ask('mark-all-as-seen', { upToSeq: first });
  expect(ack).toEqual({ success: true, count: 2, unseen: 1 });
  expect(await two.first('marked-all-as-seen')).toEqual({ upToSeq: first, count: 2, unseen: 1 });
  await two.first('unread-count', ({ count, unseen }) => count === 2 && unseen === 1);
  expect(await two.ask('mark-all-as-seen')).toEqual({ success: true, count: 2, unseen: 0 });
  await one.first('marked-all-as-seen', ({ upToSeq }) => upToSeq === first + 1);
  await one.first('unread-count', ({ unseen }) => unseen === 0);
  two.heard.length = 0;
  two.socket.emit('mark-all-as-seen', { upToSeq: first });
  expect(await two.first('marked-all-as-seen')).toEqual({ upToSeq: first, count: 2, unseen: 0 });
  await notify('3', 'c');
  await one.first('unread-count', ({ count, unseen }) => count === 3 && unseen === 1);
});
