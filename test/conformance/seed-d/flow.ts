/**
 * Seed D's notifications and ticket messages, against any running server: every event of its two namespaces as its
 * frontend code uses them, and each method of its WebSocketService as the HTTP request that replaces it.
 */
import assert from 'node:assert/strict';
import { until } from '../../support/until.ts';
import { openSocket, type Payload, type SeedClient, type SeedSocketOptions } from '../client.ts';
import { signInAll } from '../people.ts';
import { assertFields, assertHas, createTable, type Line, type Table } from '../table.ts';

interface Stage {
  readonly url: string;
  readonly how: SeedSocketOptions;
  readonly people: Awaited<ReturnType<typeof signIn>>;
  readonly check: Table['check'];
}

const signIn = (url: string) => signInAll(url, ['driver', 'driver2', 'admin', 'agent', 'service']);

/** Rejects when a user cannot log in. Other failures are lines of the table. */
export async function runFlow(url: string, how: SeedSocketOptions): Promise<readonly Line[]> {
  const people = await signIn(url);
  const { lines, check } = createTable();
  const stage: Stage = { url, how: { ...how, reconnection: true }, people, check };
  await notifications(stage);
  await support(stage);
  await serviceCalls(stage);
  return lines;
}

function connect({ url, how }: Stage, namespace: string, { token }: SeedClient, auth: object = {}) {
  return openSocket(url + namespace, { ...how, auth: { token, ...auth } });
}

async function notifications(stage: Stage): Promise<void> {
  const { people, check } = stage;
  using socket = connect(stage, '/notifications', people.driver);
  using tablet = connect(stage, '/notifications', people.driver);
  const titled = (title: string) => (payload: Payload) => payload.title === title;
  const counted = (count: number) => (payload: Payload) => payload.count === count;
  const notify = (title: string) =>
    people.service.call('POST', '/api/v1/notifications', 201, {
      userIds: ['1'],
      type: 'order',
      title,
      message: `${title}!`,
      data: { order: 7 },
    });

  await check('/notifications: connected', async () => assertFields(await socket.event('connected'), { userId: 1 }));
  await check('unread-count', async () => assertFields(await socket.event('unread-count'), { count: 0 }));
  await check('notification:new, to all of a user’s devices', async () => {
    await notify('One');
    const received = await socket.event('notification:new', titled('One'));
    assertHas(received, 'id', 'type', 'title', 'message', 'data', 'timestamp');
    assert.deepEqual(await tablet.event('notification:new', titled('One')), received);
    for (const one of [socket, tablet]) await one.event('unread-count', counted(1));
  });
  await check('get-unread-count → unread-count', async () => {
    await notify('Two');
    await socket.event('unread-count', counted(2));
    const before = socket.received('unread-count').length;
    socket.emit('get-unread-count');
    await socket.event('unread-count', () => socket.received('unread-count').length > before);
  });
  await check('mark-as-read → marked-as-read', async () => {
    const { id } = await socket.event('notification:new', titled('One'));
    socket.emit('mark-as-read', { notificationIds: [id] });
    for (const one of [socket, tablet]) {
      assertFields(await one.event('marked-as-read'), { notificationIds: [id], count: 1 });
    }
  });
  await check('mark-all-as-read → marked-all-as-read', async () => {
    socket.emit('mark-all-as-read');
    for (const one of [socket, tablet]) assertFields(await one.event('marked-all-as-read'), { count: 0 });
    await tablet.event('unread-count', (one) => one.count === 0 && tablet.received('unread-count').length > 2);
  });
  await check('A client that reconnects first receives the missed notifications', async () => {
    const { seq } = await socket.event('notification:new', titled('Two'));
    await notify('Three');
    await socket.event('notification:new', titled('Three'));
    using back = connect(stage, '/notifications', people.driver, { lastSeq: seq });
    assertFields(await back.event('notification:new'), { title: 'Three', seq: Number(seq) + 1 });
  });
}

async function support(stage: Stage): Promise<void> {
  const { people, check } = stage;
  const { id } = await people.driver.call('POST', '/api/v1/tickets', 201, { description: 'Seed D' });
  const ticketId = String(id);
  const here = (payload: Payload) => payload.ticketId === ticketId;
  const post = (client: SeedClient, message: string, internal = false) =>
    client.call('POST', `/api/tickets/${ticketId}/chat`, 201, { message, internal });
  const texting = (text: string) => (payload: Payload) => payload.message === text;

  using socket = connect(stage, '/support', people.driver);
  using staff = connect(stage, '/support', people.admin);
  using elsewhere = connect(stage, '/support', people.driver);
  await check('/support: connected', async () => assertHas(await socket.event('connected'), 'userId'));
  await check('join-ticket → joined-ticket', async () => {
    for (const one of [socket, staff]) {
      one.emit('join-ticket', { ticketId });
      assertFields(await one.event('joined-ticket'), { ticketId });
    }
  });
  await check('message:new', async () => {
    await elsewhere.event('connected');
    await post(people.admin, 'How can we help?');
    const message = await socket.event('message:new', texting('How can we help?'));
    assertFields(message, { ticketId, senderId: '2' });
    await staff.event('message:new', texting('How can we help?'));
  });
  await check('support:new-message, to users who have not joined', async () => {
    const alert = await elsewhere.event('support:new-message', here);
    assertFields(alert.message as Payload, { message: 'How can we help?', senderId: '2' });
    assert.deepEqual(socket.received('support:new-message'), []);
  });
  await check('typing → user-typing', async () => {
    socket.emit('typing', { ticketId, isTyping: true });
    const typing = { ticketId, userId: '1', userName: 'john_driver' };
    assertFields(await staff.event('user-typing'), { ...typing, isTyping: true });
    socket.emit('typing', { ticketId, isTyping: false });
    assertFields(await staff.event('user-typing', ({ isTyping }) => isTyping === false), typing);
    assert.deepEqual(socket.received('user-typing'), []);
  });
  await check('Internal messages are not sent, not even to staff', async () => {
    await post(people.agent, 'between us', true);
    await post(people.agent, 'for all');
    for (const one of [socket, staff]) await one.event('message:new', texting('for all'));
    await elsewhere.event('support:new-message', ({ message }) => texting('for all')(message as Payload));
    for (const one of [socket, staff, elsewhere]) {
      const heard = JSON.stringify(one.names.flatMap((name) => one.received(name)));
      assert.ok(!heard.includes('between us'));
    }
  });
  await check('leave-ticket → left-ticket', async () => {
    socket.emit('leave-ticket', { ticketId });
    assertFields(await socket.event('left-ticket'), { ticketId });
    await post(people.admin, 'after you left');
    await staff.event('message:new', texting('after you left'));
    assert.equal(socket.received('message:new').some(texting('after you left')), false);
  });
  await check('A client that joins with `after` receives the missed messages', async () => {
    using back = connect(stage, '/support', people.driver);
    await back.ask('join-ticket', { ticketId, after: 2 });
    const texts = back.received('message:new').map(({ message }) => message);
    assert.deepEqual(texts, ['for all', 'after you left']);
  });
  await check('Permissions are checked', async () => {
    using stranger = connect(stage, '/support', people.driver2);
    assertFields((await stranger.ask('join-ticket', { ticketId })).error as Payload, { type: 'not_found' });
  });
  await check('A JWT is required', async () => {
    for (const namespace of ['/notifications', '/support']) {
      using stranger = openSocket(stage.url + namespace, stage.how);
      await stranger.event('error');
      await stranger.ended;
      assert.deepEqual(stranger.names, ['error']);
    }
  });
}

/** Each method of its WebSocketService, as an HTTP request. */
async function serviceCalls(stage: Stage): Promise<void> {
  const { people, check } = stage;
  const { service } = people;
  const { id } = await people.driver.call('POST', '/api/v1/tickets', 201, { description: 'Seed D' });
  using inbox = connect(stage, '/notifications', people.driver);
  using chat = connect(stage, '/support', people.driver);
  using other = connect(stage, '/support', people.driver2);
  using staff = connect(stage, '/support', people.admin);
  for (const socket of [inbox, chat, other, staff]) await socket.event('connected');
  for (const socket of [chat, staff]) await socket.ask('join-ticket', { ticketId: id });
  const statusOf = (userId: string) => service.call('GET', `/websocket/clients/user:${userId}/status`, 200);
  const connections = async (userId: string) => Number((await statusOf(userId)).connections);
  await until(
    async () => (await connections('1')) === 2 && (await connections('8')) === 1,
    'earlier sockets to be gone',
  );
  const send = async (path: string, body: object) =>
    Number((await service.call('POST', `/websocket/event/${path}`, 202, body)).delivered);

  await check('sendToUser(userId, event, data)', async () => {
    assert.equal(await send('client/user:1/orderShipped', { order: 1 }), 2);
    for (const socket of [inbox, chat]) assert.deepEqual(await socket.event('orderShipped'), { order: 1 });
    assert.deepEqual(other.received('orderShipped'), []);
  });
  await check('sendToMultipleUsers(userIds, event, data)', async () => {
    assert.equal(await send('users/priceChanged', { userIds: ['1', '8'], data: { price: 2 } }), 3);
    for (const socket of [inbox, chat, other]) assert.deepEqual(await socket.event('priceChanged'), { price: 2 });
  });
  await check('sendToTicket(ticketId, event, data, excludeUserId?)', async () => {
    assert.equal(await send(`ticket/${id}/etaChanged`, { eta: 3 }), 2);
    for (const socket of [chat, staff]) await socket.event('etaChanged');
    assert.equal(await send(`ticket/${id}/etaChanged?excludeUserId=1`, { eta: 4 }), 1);
    await staff.event('etaChanged', ({ eta }) => eta === 4);
    assert.equal(chat.received('etaChanged').length, 1);
    assert.deepEqual(other.received('etaChanged'), []);
  });
  await check('broadcast(event, data, excludeUserId?)', async () => {
    assert.ok((await send('broadcast/maintenance', { at: 5 })) >= 4);
    for (const socket of [inbox, chat, other, staff]) assert.deepEqual(await socket.event('maintenance'), { at: 5 });
    await send('broadcast/maintenance?excludeUserId=1', { at: 6 });
    await other.event('maintenance', ({ at }) => at === 6);
    assert.equal(chat.received('maintenance').length, 1);
  });
  await check('isUserOnline(userId), getConnectionCount(userId)', async () => {
    assertFields(await statusOf('1'), { connected: true, connections: 2 });
    assertFields(await statusOf('7'), { connected: false, connections: 0 });
  });
  await check('getTotalConnections()', async () => {
    const status = await service.call('GET', '/websocket/status', 200);
    assert.ok(Number(status.connections) >= 4 && Number(status.users) >= 3);
  });
}
