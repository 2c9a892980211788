/**
 * Seed C's rooms and socket pushes, against any running server: every event of its two lists and every HTTP endpoint,
 * as its client code and its curl examples use them.
 */
import assert from 'node:assert/strict';
import { openSocket, type Payload, type SeedClient, type SeedSocketOptions } from '../client.ts';
import { signInAll } from '../people.ts';
import { assertFields, assertHas, createTable, type Line } from '../table.ts';

/** Rejects when a user cannot log in. Other failures are lines of the table. */
export async function runFlow(url: string, how: SeedSocketOptions): Promise<readonly Line[]> {
  const { driver, driver2, admin, service } = await signInAll(url, ['driver', 'driver2', 'admin', 'service']);
  using sockets = new DisposableStack();
  const connect = (client: SeedClient) =>
    sockets.use(openSocket(url, { ...how, upgrade: false, auth: { token: client.token } }));
  const { lines, check } = createTable();

  const staff = connect(admin);
  await check('connected', async () => assertHas(await staff.event('connected'), 'message'));
  const one = connect(driver);
  const two = connect(driver2);
  await Promise.all([one, two].map((socket) => socket.event('connected')));
  const of = (clientId: string) => (payload: Payload) => payload.clientId === clientId;
  await check('clientJoined', async () => {
    assertFields(await staff.event('clientJoined', of(one.id)), { clientId: one.id, userId: '1' });
  });

  await check('message → messageReceived, messageBroadcast', async () => {
    staff.emit('message', { text: 'Hello from WebSocket client!' });
    assertHas(await staff.event('messageReceived'), 'messageId', 'timestamp');
    for (const socket of [one, two]) {
      const received = await socket.event('messageBroadcast');
      assertFields(received, { clientId: staff.id, userId: '2', message: { text: 'Hello from WebSocket client!' } });
    }
    assert.deepEqual(staff.received('messageBroadcast'), []);
  });
  await check('joinRoom → roomJoined', async () => {
    one.emit('joinRoom', { room: 'general' });
    assertFields(await one.event('roomJoined'), { room: 'general' });
    two.emit('joinRoom', { room: 'general' });
    await two.event('roomJoined');
  });
  await check('roomMessage', async () => {
    one.emit('roomMessage', { room: 'general', message: 'Hello room' });
    const received = await two.event('roomMessage');
    assertFields(received, { room: 'general', message: 'Hello room', clientId: one.id, userId: '1' });
    assertHas(received, 'timestamp');
    assert.deepEqual(one.received('roomMessage'), []);
    assert.deepEqual(staff.received('roomMessage'), []);
  });
  await check('leaveRoom → roomLeft', async () => {
    two.emit('leaveRoom', { room: 'general' });
    assertFields(await two.event('roomLeft'), { room: 'general' });
  });
  await check('A client that reconnects receives the missed messages', async () => {
    const { version } = await one.ask('roomMessage', { room: 'general', message: 'while you were away' });
    const back = connect(driver2);
    await back.ask('joinRoom', { room: 'general', after: Number(version) - 1 });
    assertFields(await back.event('roomMessage'), { message: 'while you were away', version });
    back[Symbol.dispose]();
  });

  const send = async (path: string, body: object, reached: number): Promise<void> => {
    const { delivered } = await service.call('POST', `/websocket/${path}`, 202, body);
    assert.equal(delivered, reached, path);
  };
  /** Sends to all sockets. Other clients may be connected, too, so `delivered` is only a minimum. */
  const sendToAll = async (path: string, body: object): Promise<void> => {
    const { delivered } = await service.call('POST', `/websocket/${path}`, 202, body);
    assert.ok(Number(delivered) >= 3, path);
  };
  const welcome = { type: 'info', title: 'Welcome', message: 'Welcome to our service!' };
  const titled = (title: string) => (payload: Payload) => payload.title === title;
  await check('POST /websocket/notify/client/:clientId', async () => {
    await send(`notify/client/${one.id}`, welcome, 1);
    assert.deepEqual(await one.event('notification'), welcome);
    await send('notify/client/user:1', { ...welcome, title: 'all devices' }, 1);
    await one.event('notification', titled('all devices'));
    await service.call('POST', '/websocket/notify/client/client123', 404, welcome);
  });
  await check('POST /websocket/notify/room/:roomName', async () => {
    await send('notify/room/general', { ...welcome, title: 'To the room' }, 1);
    await one.event('notification', titled('To the room'));
  });
  await check('POST /websocket/notify/broadcast', async () => {
    const warning = { type: 'warning', title: 'Maintenance', message: 'Scheduled maintenance in 5 minutes' };
    await sendToAll('notify/broadcast', warning);
    for (const socket of [one, two, staff]) await socket.event('notification', titled('Maintenance'));
  });
  await check('POST /websocket/chat/client/:clientId', async () => {
    await send(`chat/client/${one.id}`, { from: 'support', message: 'hi' }, 1);
    assert.deepEqual(await one.event('chatMessage'), { from: 'support', message: 'hi' });
  });
  await check('POST /websocket/chat/room/:roomName', async () => {
    await send('chat/room/general', { from: 'support', message: 'hi room' }, 1);
    await one.event('chatMessage', ({ message }) => message === 'hi room');
  });
  await check('POST /websocket/event/client/:clientId/:eventName', async () => {
    await send(`event/client/${two.id}/customerUpdated`, { customerId: '7' }, 1);
    assert.deepEqual(await two.event('customerUpdated'), { customerId: '7' });
  });
  await check('POST /websocket/event/room/:roomName/:eventName', async () => {
    await send('event/room/general/orderReady', { order: 5 }, 1);
    assert.deepEqual(await one.event('orderReady'), { order: 5 });
  });
  await check('POST /websocket/event/broadcast/:eventName', async () => {
    await sendToAll('event/broadcast/userUpdate', { userId: '123', action: 'profile_updated' });
    for (const socket of [one, two]) assertFields(await socket.event('userUpdate'), { action: 'profile_updated' });
    await service.call('POST', '/websocket/event/broadcast/roomMessage', 422, {});
  });
  await check('POST /websocket/whatsapp/status/:clientId', async () => {
    await send(`whatsapp/status/${one.id}`, { messageId: 'wa-1', status: 'delivered' }, 1);
    assertFields(await one.event('whatsappStatusUpdate'), { messageId: 'wa-1', status: 'delivered' });
  });
  await check('POST /websocket/whatsapp/message/:clientId', async () => {
    await send(`whatsapp/message/${one.id}`, { messageId: 'wa-2', text: 'hi' }, 1);
    assertFields(await one.event('whatsappMessageUpdate'), { messageId: 'wa-2' });
  });
  await check('POST /websocket/conversation/:clientId', async () => {
    await send(`conversation/${one.id}`, { conversationId: 'c-1' }, 1);
    assertFields(await one.event('conversationUpdate'), { conversationId: 'c-1' });
  });
  await check('GET /websocket/status', async () => {
    assertHas(await service.call('GET', '/websocket/status', 200), 'connections', 'users', 'rooms', 'nodes', 'uptime');
  });
  await check('GET /websocket/clients', async () => {
    const { clients } = await service.call('GET', '/websocket/clients', 200);
    const found = (clients as Payload[]).find(({ clientId }) => clientId === one.id);
    assertFields(found ?? {}, { userId: '1', rooms: ['general'] });
  });
  await check('GET /websocket/clients/:clientId/status', async () => {
    assertFields(await service.call('GET', `/websocket/clients/${one.id}/status`, 200), { connected: true });
    await service.call('GET', '/websocket/clients/client123/status', 404);
  });
  await check('HTTP endpoints are for services and admins', async () => {
    await driver.call('POST', '/websocket/notify/broadcast', 403, welcome);
    await driver.call('GET', '/websocket/clients', 403);
    const anonymous = await fetch(`${url}/websocket/notify/broadcast`, { method: 'POST' });
    assert.equal(anonymous.status, 401);
  });
  await check('clientLeft', async () => {
    const { id } = two;
    two[Symbol.dispose]();
    assertFields(await staff.event('clientLeft', of(id)), { clientId: id, userId: '8' });
  });
  await check('A connection without a token is refused', async () => {
    using stranger = openSocket(url, how);
    await stranger.event('error');
    await stranger.ended;
    assert.deepEqual(stranger.names, ['error']);
  });
  return lines;
}
