/**
 * Seed B's ticket chat, against any running server: every event of its two tables as its client code sends and receives
 * them, its REST fallback, its access rules and its message types.
 */
import assert from 'node:assert/strict';
import { openSocket, type Payload, type SeedClient, type SeedSocket, type SeedSocketOptions } from '../client.ts';
import { signInAll } from '../people.ts';
import { assertFields, assertHas, createTable, type Line } from '../table.ts';

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Rejects when a user cannot log in. Other failures are lines of the table. */
export async function runFlow(url: string, how: SeedSocketOptions): Promise<readonly Line[]> {
  const people = await signInAll(url, ['driver', 'driver2', 'admin', 'agent', 'vendor', 'ops', 'accounts']);
  const { driver, admin } = people;
  using sockets = new DisposableStack();
  const connect = (client: SeedClient) => sockets.use(openSocket(url, { ...how, auth: { token: client.token } }));
  const { lines, check } = createTable();

  const user = connect(driver);
  const staff = connect(admin);
  await check('connected', async () => {
    assertFields(await user.event('connected'), { userId: '1', message: 'Successfully connected' });
    assertFields(await staff.event('connected'), { userId: '2' });
  });
  await check('No token: error {type, message}, then the end', async () => {
    using stranger = openSocket(url, how);
    assertFields(await stranger.event('error'), { type: 'unauthorized', message: 'Authentication required' });
    await stranger.ended;
    assert.deepEqual(stranger.names, ['error']);
  });

  const open = async (client: SeedClient, body: object): Promise<string> =>
    String((await client.call('POST', '/api/v1/tickets', 201, { description: 'Seed B', ...body })).id);
  const ticketId = await open(driver, {});
  const here = (payload: Payload) => payload.ticketId === ticketId;
  const by = (userId: string) => (payload: Payload) => here(payload) && payload.userId === userId;
  const said = (text: string) => (payload: Payload) => (payload.message as Payload)?.message === text;
  await admin.call('POST', `/api/tickets/${ticketId}/chat`, 201, { message: 'How can we help?' });

  await check('join_ticket → joined_ticket, messages_history', async () => {
    user.emit('join_ticket', { ticketId });
    assertFields(await user.event('joined_ticket'), { ticketId, message: 'Successfully joined ticket' });
    const history = await user.event('messages_history', here);
    assertHas(history, 'messages', 'pagination');
    const [message] = history.messages as Payload[];
    assertFields(message ?? {}, { ticketId, senderId: '2', message: 'How can we help?', messageType: 'TEXT' });
    assertHas(message, 'id', 'sender', 'attachments', 'createdAt', 'updatedAt');
    assert.equal(user.names.indexOf('joined_ticket') < user.names.indexOf('messages_history'), true);
  });
  await check('user_joined', async () => {
    staff.emit('join_ticket', { ticketId });
    await staff.event('joined_ticket', here);
    assertHas(await user.event('user_joined', by('2')), 'userId', 'ticketId', 'timestamp');
    assert.deepEqual(staff.received('user_joined'), [], 'a user does not receive their own join');
  });
  await check('send_message acks success, new_message', async () => {
    const ack = await user.ask('send_message', { ticketId, message: 'Hello!', messageType: 'TEXT' });
    assert.equal(ack.success, true);
    for (const socket of [user, staff]) {
      const received = await socket.event('new_message', said('Hello!'));
      assertHas(received, 'message', 'ticketId', 'timestamp');
      assertFields(received.message as Payload, { senderId: '1', messageType: 'TEXT', ticketId });
    }
    user.emit('send_message', { ticketId, message: 'without waiting' });
    await staff.event('new_message', said('without waiting'));
  });
  await check('typing_start → user_typing', async () => {
    user.emit('typing_start', { ticketId });
    const typing = await staff.event('user_typing', by('1'));
    assertFields(typing, { userId: '1', userName: 'john_driver', ticketId });
    assertHas(typing, 'timestamp');
  });
  await check('typing_stop → user_stopped_typing', async () => {
    user.emit('typing_stop', { ticketId });
    assertFields(await staff.event('user_stopped_typing', by('1')), { userName: 'john_driver', ticketId });
    assert.deepEqual(user.received('user_typing'), [], 'a user does not receive their own typing');
  });
  await check('error {type, message}', async () => {
    user.emit('send_message', { ticketId });
    assertFields(await user.event('error'), { type: 'invalid_payload', event: 'send_message' });
    user.emit('join_ticket', { ticketId: 'no-such-ticket' });
    assertFields(await user.event('error', ({ type }) => type === 'not_found'), { event: 'join_ticket' });
  });
  await check('leave_ticket → left_ticket, user_left', async () => {
    staff.emit('leave_ticket', { ticketId });
    assertHas(await staff.event('left_ticket', here), 'ticketId', 'message');
    assertHas(await user.event('user_left', by('2')), 'userId', 'ticketId', 'timestamp');
    await user.ask('send_message', { ticketId, message: 'are you gone?' });
    await user.event('new_message', said('are you gone?'));
    assert.equal(staff.received('new_message').some(said('are you gone?')), false);
  });
  await check('A client that reconnects receives the missed messages', () => resumes(connect, driver, admin, ticketId));

  await check('GET /api/tickets/:ticketId/chat', async () => {
    const answer = await driver.call('GET', `/api/tickets/${ticketId}/chat?limit=2`, 200);
    assert.equal((answer.messages as unknown[]).length, 2);
    assertHas(answer.pagination, 'limit', 'hasMore', 'nextCursor', 'total');
  });
  await check('POST /api/tickets/:ticketId/chat', async () => {
    const message = await driver.call('POST', `/api/tickets/${ticketId}/chat`, 201, { message: 'over REST' });
    assertFields(message, { ticketId, message: 'over REST', senderId: '1' });
    await user.event('new_message', said('over REST'));
  });
  await check('GET /api/tickets/:ticketId/chat/participants', async () => {
    const answer = await driver.call('GET', `/api/tickets/${ticketId}/chat/participants`, 200);
    const all = answer.participants as Payload[];
    assertFields(all.find(({ userId }) => userId === '1') ?? {}, { name: 'john_driver', online: true });
    assert.ok(all.some(({ userId }) => userId === '2'));
  });
  await check('POST …/chat/upload, then IMAGE and FILE', () => attaches(url, driver, user, ticketId));
  await check('SYSTEM messages come from the system only', async () => {
    const refused = await user.ask('send_message', { ticketId, message: 'I am root', messageType: 'SYSTEM' });
    assert.equal(refused.success, false);
    await admin.call('PATCH', `/api/v1/tickets/${ticketId}`, 200, { status: 'in_progress' });
    const system = await user.event('new_message', ({ message }) => (message as Payload).messageType === 'SYSTEM');
    assertFields(system.message as Payload, { senderId: '2' });
  });

  const mayJoin = async (client: SeedClient, id: string): Promise<boolean> => {
    using socket = openSocket(url, { ...how, auth: { token: client.token } });
    return (await socket.ask('join_ticket', { ticketId: id })).success === true;
  };
  await check('Access: ADMIN to all', async () => assert.ok(await mayJoin(admin, ticketId)));
  await check('Access: the requester, and no other user', async () => {
    assert.ok(await mayJoin(driver, ticketId));
    assert.equal(await mayJoin(people.driver2, ticketId), false);
  });
  await check('Access: the assignee', async () => {
    assert.equal(await mayJoin(people.ops, ticketId), false);
    await admin.call('PATCH', `/api/v1/tickets/${ticketId}`, 200, { assigneeId: '6' });
    assert.ok(await mayJoin(people.ops, ticketId));
  });
  await check('Access: the vendor of its GRN or dispatch', async () => {
    assert.equal(await mayJoin(people.vendor, ticketId), false);
    assert.ok(await mayJoin(people.vendor, await open(admin, { grnId: 'grn-1' })));
    assert.ok(await mayJoin(people.vendor, await open(admin, { dispatchId: 'dispatch-1' })));
  });
  await check('Access: OPS who verified its GRN', async () => {
    assert.ok(await mayJoin(people.ops, await open(admin, { grnId: 'grn-1' })));
    assert.equal(await mayJoin(people.ops, await open(admin, { dispatchId: 'dispatch-1' })), false);
  });
  await check('Access: ACCOUNTS for payments and invoices', async () => {
    assert.equal(await mayJoin(people.accounts, ticketId), false);
    for (const category of ['payment', 'invoice']) {
      assert.ok(await mayJoin(people.accounts, await open(driver, { category })));
    }
  });
  return lines;
}

async function resumes(
  connect: (client: SeedClient) => SeedSocket,
  driver: SeedClient,
  admin: SeedClient,
  ticketId: string,
): Promise<void> {
  const before = connect(driver);
  const { version } = await before.ask('join_ticket', { ticketId });
  before[Symbol.dispose]();
  for (const at of [1, 2, 3]) await admin.call('POST', `/api/tickets/${ticketId}/chat`, 201, { message: `away ${at}` });
  const back = connect(driver);
  assert.equal((await back.ask('join_ticket', { ticketId, after: version })).success, true);
  const texts = back.received('new_message').map(({ message }) => (message as Payload).message);
  assert.deepEqual(texts, ['away 1', 'away 2', 'away 3']);
}

async function attaches(url: string, driver: SeedClient, user: SeedSocket, ticketId: string): Promise<void> {
  const form = new FormData();
  form.append('file', new Blob([PIXEL], { type: 'image/png' }), 'pixel.png');
  const headers = { Authorization: `Bearer ${driver.token}` };
  const uploading = { method: 'POST', headers, body: form };
  const response = await fetch(`${url}/api/tickets/${ticketId}/chat/upload`, uploading);
  assert.equal(response.status, 201);
  const attachment = (await response.json()) as Payload;
  assertFields(attachment, { name: 'pixel.png', size: PIXEL.length, mimeType: 'image/png' });
  const message = { ticketId, message: '', messageType: 'IMAGE', attachments: [attachment] };
  assert.equal((await user.ask('send_message', message)).success, true);
  const received = await user.event('new_message', ({ message: one }) => (one as Payload).messageType === 'IMAGE');
  const [file] = (received.message as Payload).attachments as Payload[];
  const fetched = await fetch(new URL(String(file?.url), url));
  assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), PIXEL);
}
