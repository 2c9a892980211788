/** Test `/support`, the dialect of seed D, with real clients. Source: docs/protocol.md section 4. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/port.ts';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
/** A node without members in any ticket. */
let other: Node;
let driver: Client;
let admin: Client;
let agent: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { replayLimit: 10, historySize: 4 } });
  other = await startNode(services);
  [driver, admin, agent] = (await Promise.all(['driver', 'admin', 'agent'].map((name) => signIn(node.url, name)))) as [
    Client,
    Client,
    Client,
  ];
});

afterAll(async () => {
  await other?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const texts = (socket: Listener): string[] => socket.all('message:new').map(({ message }) => message);
const alerts = (socket: Listener): string[] => socket.all('support:new-message').map(({ message }) => message.message);

describe('a client that joins a ticket', () => {
  it('receives joined-ticket, then messages until it leaves', async () => {
    const ticket = await openTicket(driver);
    using socket = driver.connect('/support');
    expect(await socket.first('connected')).toEqual({
      message: 'Successfully connected',
      userId: '1',
      role: 'driver',
      name: 'john_driver',
      epoch: expect.any(String),
    });
    const joined = await socket.ask('join-ticket', { ticketId: ticket.number });
    expect(joined).toMatchObject({ success: true, ticketId: ticket.id, version: 1 });
    expect(socket.all('joined-ticket')).toMatchObject([{ ticketId: ticket.id, version: 1 }]);
    await post(admin, ticket.id, 'hello');
    expect(await socket.first('message:new')).toMatchObject({
      ticketId: ticket.id,
      version: 2,
      message: 'hello',
      messageType: 'TEXT',
      sender: { id: '2', role: 'admin' },
      internal: false,
    });
    await socket.ask('leave-ticket', { ticketId: ticket.id });
    expect(socket.all('left-ticket')).toEqual([{ ticketId: ticket.id }]);
    await post(admin, ticket.id, 'after');
    await socket.first('support:new-message');
    expect(texts(socket)).toEqual(['hello']);
  });

  it('receives the missed messages in order, or the latest page when it missed too much', async () => {
    const ticket = await openTicket(driver);
    for (let at = 0; at < 6; at += 1) await post(admin, ticket.id, `m${at}`);
    using socket = driver.connect('/support');
    expect(await socket.ask('join-ticket', { ticketId: ticket.id, after: 3 })).toMatchObject({ recovered: true });
    expect(texts(socket)).toEqual(['m2', 'm3', 'm4', 'm5']);
    for (let at = 6; at < 15; at += 1) await post(admin, ticket.id, `m${at}`);
    using late = driver.connect('/support');
    expect(await late.ask('join-ticket', { ticketId: ticket.id, after: 3 })).toMatchObject({ recovered: false });
    expect(texts(late)).toEqual(['m11', 'm12', 'm13', 'm14']);
  });

  it('is refused without access as if the ticket did not exist, and is removed when it loses access', async () => {
    const ticket = await openTicket(admin);
    const stranger = await signIn(node.url, 'driver2');
    using socket = stranger.connect('/support');
    const refused = await socket.ask('join-ticket', { ticketId: ticket.id });
    expect(refused).toMatchObject({ success: false, error: { type: 'not_found' } });
    await admin.send('POST', `/api/v1/tickets/${ticket.id}/participants`, { userId: '8' });
    await until(async () => (await socket.ask('join-ticket', { ticketId: ticket.id })).success, 'the join');
    await admin.send('DELETE', `/api/v1/tickets/${ticket.id}/participants/8`);
    await socket.first('left-ticket');
    await post(admin, ticket.id, 'not for you');
    expect((await socket.ask('join-ticket', { ticketId: ticket.id })).error.type).toBe('not_found');
    expect(texts(socket)).not.toContain('not for you');
  });
});

describe('internal notes', () => {
  it('are never sent, not even to staff: live, in replays, as alerts or as typing', async () => {
    const ticket = await openTicket(driver);
    await admin.send('POST', `/api/v1/tickets/${ticket.id}/participants`, { userId: '4' });
    using requester = driver.connect('/support');
    using staff = (await signIn(node.url, 'admin2')).connect('/support');
    using onTicket = agent.connect('/support');
    using typist = admin.connect();
    using chat = agent.connect();
    for (const socket of [requester, staff]) await socket.ask('join-ticket', { ticketId: ticket.id });
    for (const socket of [typist, chat]) await socket.ask('join_ticket', { ticketId: ticket.id });
    await onTicket.first('connected');
    await typist.ask('typing_start', { ticketId: ticket.id, internal: true });
    await chat.first('user_typing');
    await post(admin, ticket.id, 'psst', true);
    const last = await post(admin, ticket.id, 'public');
    const arrival = (socket: Listener) => socket.first('message:new', ({ message }) => message === 'public');
    expect(await arrival(staff)).toMatchObject({ version: last });
    // The requester's versions have no hole where the note is.
    expect(await arrival(requester)).toMatchObject({ version: last - 1 });
    await onTicket.first('support:new-message');
    using resumed = agent.connect('/support');
    await resumed.ask('join-ticket', { ticketId: ticket.id, after: 1 });
    expect(await arrival(resumed)).toMatchObject({ version: last });
    for (const { heard, all } of [requester, staff, onTicket, resumed]) {
      expect(JSON.stringify(heard)).not.toContain('psst');
      expect(all('user-typing')).toEqual([]);
    }
  });
});

describe('a message of another user', () => {
  it('alerts each device of the ticket’s users that has not joined it, once, with the message', async () => {
    const ticket = await openTicket(driver);
    await admin.send('POST', `/api/v1/tickets/${ticket.id}/participants`, { userId: '4' });
    using joined = driver.connect('/support');
    using elsewhere = driver.connect('/support');
    using assistant = agent.connect('/support');
    using bystander = admin.connect('/support');
    await joined.ask('join-ticket', { ticketId: ticket.id });
    await Promise.all([elsewhere, assistant, bystander].map((socket) => socket.first('connected')));
    await post(driver, ticket.id, 'any news?');
    await post(agent, ticket.id, 'not yet');
    await elsewhere.first('support:new-message');
    await assistant.first('support:new-message');
    await joined.first('message:new', ({ message }) => message === 'not yet');
    expect(elsewhere.all('support:new-message')).toMatchObject([
      { ticketId: ticket.id, message: { message: 'not yet', senderId: '4', version: 4 } },
    ]);
    expect(alerts(assistant)).toEqual(['any news?']);
    for (const socket of [joined, bystander]) expect(alerts(socket)).toEqual([]);
  });

  it('alerts users on a node where the ticket has no members, but not a removed participant', async () => {
    const ticket = await openTicket(admin);
    await admin.send('POST', `/api/v1/tickets/${ticket.id}/participants`, { userId: '1' });
    await admin.send('POST', `/api/v1/tickets/${ticket.id}/participants`, { userId: '8' });
    using there = (await signIn(other.url, 'driver')).connect('/support');
    using removed = (await signIn(other.url, 'driver2')).connect('/support');
    await Promise.all([there, removed].map((socket) => socket.first('connected')));
    await post(admin, ticket.id, 'one');
    await there.first('support:new-message', ({ message }) => message.message === 'one');
    await removed.first('support:new-message');
    await admin.send('DELETE', `/api/v1/tickets/${ticket.id}/participants/8`);
    await post(admin, ticket.id, 'two');
    await there.first('support:new-message', ({ message }) => message.message === 'two');
    expect(alerts(there)).toEqual(['one', 'two']);
    expect(alerts(removed)).toEqual(['one']);
  });
});

it('greets a socket only after the subscription to the inbox is registered', async () => {
  await using own = await startServices();
  let register = () => {};
  const registered = new Promise<void>((resolve) => {
    register = resolve;
  });
  let followed = false;
  const late = (broker: Broker): Broker => ({
    ...broker,
    signals: {
      publish: broker.signals.publish,
      subscribe(topic, handler) {
        const subscription = broker.signals.subscribe(topic, handler);
        if (topic[0] !== 'inbox') return subscription;
        followed = true;
        return { ...subscription, ready: subscription.ready.then(() => registered) };
      },
    },
  });
  await using slow = await startNode(own, { wrapBroker: late, gateway: { registrationTimeout: 60_000 } });
  const requester = await signIn(slow.url, 'driver');
  const staff = await signIn(slow.url, 'admin');
  const ticket = await openTicket(requester);
  using socket = requester.connect('/support');
  await until(() => followed, 'the subscription to the inbox');
  await post(staff, ticket.id, 'before');
  await requester.send('GET', `/api/tickets/${ticket.id}/chat`);
  expect(socket.heard).toEqual([]);
  register();
  await socket.first('connected');
  await post(staff, ticket.id, 'after');
  await socket.first('support:new-message', ({ message }) => message.message === 'after');
});

describe('across namespaces', () => {
  it('typing in one namespace is shown in the others, and ends by itself', async () => {
    await using own = await startServices();
    await using quick = await startNode(own, { gateway: { typingExpires: 200 } });
    const requester = await signIn(quick.url, 'driver');
    const staff = await signIn(quick.url, 'admin');
    const ticket = await openTicket(requester);
    using chat = staff.connect();
    using support = requester.connect('/support');
    await chat.ask('join_ticket', { ticketId: ticket.id });
    await support.ask('join-ticket', { ticketId: ticket.id });
    const typing = { ticketId: ticket.id, userId: '1', userName: 'john_driver' };
    await support.ask('typing', { ticketId: ticket.id, isTyping: true });
    expect(await chat.first('user_typing')).toMatchObject(typing);
    expect(await chat.first('user_stopped_typing')).toMatchObject(typing);
    await chat.ask('typing_start', { ticketId: ticket.id });
    expect(await support.first('user-typing', ({ isTyping }) => isTyping)).toMatchObject({ userId: '2' });
    await chat.ask('send_message', { ticketId: ticket.id, message: 'there' });
    expect(await support.first('user-typing', ({ isTyping }) => !isTyping)).toMatchObject({ userId: '2' });
    expect(support.all('user-typing')).toHaveLength(2);
  });

  it('a user joins once, and leaves with the last of the user’s sockets, in any namespace', async () => {
    const ticket = await openTicket(driver);
    using watcher = admin.connect();
    await watcher.ask('join_ticket', { ticketId: ticket.id });
    using chat = driver.connect();
    using support = driver.connect('/support');
    await support.ask('join-ticket', { ticketId: ticket.id });
    await watcher.first('user_joined');
    await chat.ask('join_ticket', { ticketId: ticket.id });
    await support.ask('leave-ticket', { ticketId: ticket.id });
    // A subscription to the stream does not make the user present.
    await chat.ask('subscribe', { stream: `ticket:${ticket.id}` });
    await chat.ask('leave_ticket', { ticketId: ticket.id });
    await watcher.first('user_left');
    expect(watcher.all('user_joined')).toHaveLength(1);
    expect(watcher.all('user_left')).toHaveLength(1);
  });

  it('a participant is online with a socket in any namespace', async () => {
    const ticket = await openTicket(driver);
    const online = async () => {
      const { body } = await admin.send('GET', `/api/tickets/${ticket.id}/chat/participants`);
      return body.participants.find(({ userId }: { userId: string }) => userId === '1').online;
    };
    expect(await online()).toBe(false);
    using socket = driver.connect('/support');
    await socket.first('connected');
    expect(await online()).toBe(true);
    socket.socket.disconnect();
    await until(async () => !(await online()), 'the participant to be offline');
  });

  it('a new token counts for all sockets of the connection', async () => {
    const again = await signIn(node.url, 'driver');
    for (const namespace of ['/', '/notifications', '/support']) {
      using socket = driver.connect(namespace);
      expect(await socket.ask('auth:refresh', { token: again.token })).toEqual({ success: true });
      expect(await socket.ask('auth:refresh', { token: admin.token })).toMatchObject({ error: { type: 'forbidden' } });
    }
  });
});
