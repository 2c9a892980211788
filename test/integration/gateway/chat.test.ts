/** Test ticket chat in `/` with real clients. Source: docs/protocol.md section 5. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Client, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let agent: Client;
let stranger: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  [driver, admin, agent, stranger] = (await Promise.all(
    ['driver', 'admin', 'agent', 'driver2'].map((name) => signIn(node.url, name)),
  )) as [Client, Client, Client, Client];
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

describe('joining a ticket', () => {
  it('sends joined_ticket, then the history, then live events', async () => {
    const ticket = await openTicket(driver);
    await post(driver, ticket.id, 'first');
    using socket = driver.connect();
    const joined = await socket.ask('join_ticket', { ticketId: ticket.id });
    expect(joined).toMatchObject({ success: true, ticketId: ticket.id, version: 2, recovered: false });
    await post(admin, ticket.id, 'second');
    const live = await socket.first('new_message');
    expect(socket.heard.map(({ name }) => name).filter((name) => name !== 'ticket_unread')).toEqual([
      'connected',
      'joined_ticket',
      'messages_history',
      'new_message',
    ]);
    expect(socket.all('messages_history')[0]).toMatchObject({
      ticketId: ticket.id,
      messages: [{ message: 'first', version: 2, sender: { id: '1', name: 'john_driver', role: 'driver' } }],
      pagination: { limit: 50, hasMore: false, nextCursor: null, total: 1 },
    });
    expect(live).toMatchObject({ ticketId: ticket.id, version: 3, message: { message: 'second', senderId: '2' } });
  });

  it('accepts the number of the ticket in either form', async () => {
    const ticket = await openTicket(driver);
    using socket = driver.connect();
    expect(await socket.ask('join_ticket', { ticketId: ticket.number })).toMatchObject({ ticketId: ticket.id });
    expect(await socket.ask('join_ticket', { ticketId: String(ticket.number) })).toMatchObject({ ticketId: ticket.id });
  });

  it('is refused to a user without access as if the ticket did not exist', async () => {
    const ticket = await openTicket(driver);
    using socket = stranger.connect();
    const refused = await socket.ask('join_ticket', { ticketId: ticket.id });
    const unknown = await socket.ask('join_ticket', { ticketId: 'no-such-ticket' });
    expect(refused).toEqual({
      success: false,
      error: { type: 'not_found', message: 'Ticket not found', field: 'ticketId' },
    });
    expect(unknown).toEqual(refused);
  });

  it('starts with a page when the epoch has changed or the version does not exist', async () => {
    const ticket = await openTicket(driver);
    await post(driver, ticket.id, 'hello');
    using socket = driver.connect();
    const other = await socket.ask('join_ticket', { ticketId: ticket.id, after: 1, epoch: 'another' });
    expect(other).toMatchObject({ success: true, recovered: false, version: 2 });
    const beyond = await socket.ask('join_ticket', { ticketId: ticket.id, after: 1_000 });
    expect(beyond).toMatchObject({ success: true, recovered: false, version: 2 });
    expect(socket.all('messages_history')).toHaveLength(2);
    const same = await socket.ask('join_ticket', { ticketId: ticket.id, after: 1, epoch: beyond.epoch });
    expect(same).toMatchObject({ success: true, recovered: true });
    expect(socket.all('new_message').map(({ version }) => version)).toEqual([2]);
  });

  it('can be repeated, and no event is sent twice', async () => {
    const ticket = await openTicket(driver);
    using socket = driver.connect();
    await socket.ask('join_ticket', { ticketId: ticket.id });
    await Promise.all([
      socket.ask('join_ticket', { ticketId: ticket.id, after: 1 }),
      socket.ask('join_ticket', { ticketId: ticket.number, after: 1 }),
    ]);
    const version = await post(admin, ticket.id, 'once');
    await socket.first('new_message', (message) => message.version === version);
    await post(admin, ticket.id, 'the next');
    await socket.first('new_message', ({ message }) => message.message === 'the next');
    expect(socket.all('new_message').map(({ message }) => message.message)).toEqual(['once', 'the next']);
    await socket.ask('leave_ticket', { ticketId: ticket.id });
    expect(socket.all('left_ticket')).toMatchObject([{ ticketId: ticket.id }]);
  });
});

describe('messages', () => {
  it('reach every member in the same order, and the sender receives an ack', async () => {
    const ticket = await openTicket(driver);
    using one = driver.connect();
    using two = admin.connect();
    await one.ask('join_ticket', { ticketId: ticket.id });
    await two.ask('join_ticket', { ticketId: ticket.id });
    const acks = await Promise.all(
      Array.from({ length: 20 }, (_, at) => one.ask('send_message', { ticketId: ticket.id, message: `m${at}` })),
    );
    expect(acks.every(({ success }) => success)).toBe(true);
    await two.first('new_message', ({ message }) => message.message === 'm19');
    const texts = Array.from({ length: 20 }, (_, at) => `m${at}`);
    expect(two.all('new_message').map(({ message }) => message.message)).toEqual(texts);
    expect(acks.map(({ message }) => message.message)).toEqual(texts);
  });

  it('are posted once when a client sends them repeatedly', async () => {
    const ticket = await openTicket(driver);
    using socket = driver.connect();
    const message = { ticketId: ticket.id, message: 'hello', clientMessageId: 'c-1' };
    const first = await socket.ask('send_message', message);
    const again = await socket.ask('send_message', message);
    expect(again).toEqual(first);
    await socket.ask('join_ticket', { ticketId: ticket.id });
    expect(socket.all('messages_history')[0].messages).toHaveLength(1);
  });

  it('that are internal reach only staff in the ticket', async () => {
    const ticket = await openTicket(driver);
    using requester = driver.connect();
    using staff = agent.connect();
    await requester.ask('join_ticket', { ticketId: ticket.id });
    await staff.ask('join_ticket', { ticketId: ticket.id });
    await post(admin, ticket.id, 'psst', true);
    const last = await post(admin, ticket.id, 'hello');
    await staff.first('new_message', ({ message }) => message.message === 'psst' && message.internal);
    // Staff see the versions of the stream; the requester's count what the requester may see.
    const hello = (version: number) => (event: { message: { message: string }; version: number }) =>
      event.message.message === 'hello' && event.version === version;
    await staff.first('new_message', hello(last));
    await requester.first('new_message', hello(last - 1));
    using late = driver.connect();
    await late.ask('join_ticket', { ticketId: ticket.id });
    using resumed = driver.connect();
    await resumed.ask('join_ticket', { ticketId: ticket.id, after: 1 });
    await resumed.first('new_message', hello(last - 1));
    await late.ask('load_history', { ticketId: ticket.id });
    for (const { heard } of [requester, late, resumed]) expect(JSON.stringify(heard)).not.toContain('psst');
    expect(await requester.ask('send_message', { ticketId: ticket.id, message: 'x', internal: true })).toMatchObject({
      success: false,
      error: { type: 'forbidden' },
    });
  });

  it('that are unread are counted on all of a user’s devices until they are read', async () => {
    const ticket = await openTicket(driver);
    using elsewhere = driver.connect();
    await elsewhere.first('connected');
    await until(async () => (await elsewhere.ask('join_ticket', { ticketId: ticket.id })).success, 'the join');
    await elsewhere.ask('leave_ticket', { ticketId: ticket.id });
    const version = await post(admin, ticket.id, 'are you there?');
    expect(await elsewhere.first('ticket_unread', ({ unread }) => unread === 1)).toEqual({
      ticketId: ticket.id,
      unread: 1,
    });
    using here = driver.connect();
    await here.ask('join_ticket', { ticketId: ticket.id });
    await here.ask('mark_ticket_read', { ticketId: ticket.id, upTo: version });
    expect(await here.first('message_read')).toMatchObject({ ticketId: ticket.id, userId: '1', upTo: version });
    await elsewhere.first('ticket_unread', ({ unread }) => unread === 0);
  });
});

describe('presence and typing', () => {
  it('are sent once for a user with several devices', async () => {
    const ticket = await openTicket(driver);
    using watcher = admin.connect();
    await watcher.ask('join_ticket', { ticketId: ticket.id });
    using one = driver.connect();
    using two = driver.connect();
    await one.ask('join_ticket', { ticketId: ticket.id });
    await two.ask('join_ticket', { ticketId: ticket.id });
    one.socket.disconnect();
    await two.ask('leave_ticket', { ticketId: ticket.id });
    await watcher.first('user_left');
    expect(watcher.all('user_joined')).toMatchObject([{ userId: '1', userName: 'john_driver', ticketId: ticket.id }]);
    expect(watcher.all('user_left')).toHaveLength(1);
    expect(two.all('user_joined')).toEqual([]);
  });

  it('show typing to other members until the typist stops, posts or leaves', async () => {
    const ticket = await openTicket(driver);
    using watcher = admin.connect();
    using typist = driver.connect();
    await watcher.ask('join_ticket', { ticketId: ticket.id });
    await typist.ask('join_ticket', { ticketId: ticket.id });
    const stops = () => watcher.all('user_stopped_typing').length;
    await typist.ask('typing_start', { ticketId: ticket.id });
    expect(await watcher.first('user_typing')).toMatchObject({
      userId: '1',
      userName: 'john_driver',
      ticketId: ticket.id,
    });
    await typist.ask('typing_stop', { ticketId: ticket.id });
    await until(() => stops() === 1, 'the first stop');
    await typist.ask('typing_start', { ticketId: ticket.id });
    await typist.ask('send_message', { ticketId: ticket.id, message: 'done' });
    await until(() => stops() === 2, 'the stop by a message');
    await typist.ask('typing_start', { ticketId: ticket.id });
    typist.socket.disconnect();
    await until(() => stops() === 3, 'the stop by leaving');
    expect(typist.all('user_typing')).toEqual([]);
  });

  it('hide from requesters that a user types an internal note', async () => {
    const ticket = await openTicket(driver);
    using requester = driver.connect();
    using staff = agent.connect();
    using typist = admin.connect();
    for (const socket of [requester, staff, typist]) await socket.ask('join_ticket', { ticketId: ticket.id });
    await typist.ask('typing_start', { ticketId: ticket.id, internal: true });
    await staff.first('user_typing');
    await typist.ask('typing_stop', { ticketId: ticket.id, internal: true });
    await staff.first('user_stopped_typing');
    await post(admin, ticket.id, 'public');
    await requester.first('new_message');
    expect(requester.all('user_typing')).toEqual([]);
    expect(requester.all('user_stopped_typing')).toEqual([]);
  });
});
