/** Test Deskwire's own protocol in `/` with real clients. Source: docs/protocol.md section 7. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let agent: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { replayLimit: 10 } });
  [driver, admin, agent] = (await Promise.all(['driver', 'admin', 'agent'].map((name) => signIn(node.url, name)))) as [
    Client,
    Client,
    Client,
  ];
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

type Event = { version: number; type: string };
const types = (events: readonly Event[]) => events.map(({ type }) => type);
const versions = (events: readonly Event[]) => events.map(({ version }) => version);

function subscribe(socket: Listener, stream: string, more: object = {}) {
  return socket.ask('subscribe', { stream, ...more });
}

const change = (ticketId: string, body: object) => admin.send('PATCH', `/api/v1/tickets/${ticketId}`, body);
const setRole = (role: string) => admin.send('PATCH', '/api/v1/users/4', { role });

/** Resolves with a socket of the agent whose greeting has this role. */
function connectedAs(role: string, namespace: string, auth: object = { token: agent.token }): Promise<Listener> {
  return until<Listener | undefined>(async () => {
    const one = agent.connect(namespace, { auth });
    if ((await one.first('connected')).role === role) return one;
    one[Symbol.dispose]();
    return undefined;
  }, `the agent to be ${role}`) as Promise<Listener>;
}

describe('a subscription', () => {
  it('sends all events from the first one, then live ones, in order', async () => {
    const ticket = await openTicket(driver);
    await post(admin, ticket.id, 'hello');
    using socket = driver.connect();
    const answer = await subscribe(socket, `ticket:${ticket.number}`);
    expect(answer).toMatchObject({ success: true, stream: `ticket:${ticket.id}`, version: 2, recovered: true });
    expect(types(answer.events)).toEqual(['TicketOpened', 'MessagePosted']);
    expect(answer.events[0]).toMatchObject({
      stream: `ticket:${ticket.id}`,
      version: 1,
      actor: { id: '1', name: 'john_driver', role: 'driver' },
      data: { number: ticket.number, requesterId: '1', description: 'Battery swap failed', grnId: null },
    });
    await change(ticket.id, { status: 'in_progress', assigneeId: '4' });
    await driver.send('POST', `/api/v1/tickets/${ticket.id}/read`, { upTo: 2 });
    const changed = await socket.first('event', ({ type }) => type === 'TicketChanged');
    expect(changed.data).toMatchObject({
      changes: {
        status: { from: 'open', to: 'in_progress' },
        assignee: { from: null, to: { id: '4', name: 'agent' } },
      },
      message: { messageType: 'SYSTEM', senderId: '2' },
    });
    const read = await socket.first('event', ({ type }) => type === 'TicketRead');
    expect(read).toMatchObject({ version: 4, data: { userId: '1', upTo: 2 } });
    expect(JSON.stringify([answer, socket.heard])).not.toMatch(
      /127\.0\.0\.1|commandId|correlation|address|fingerprint/,
    );
  });

  it('continues after the version that the client gives', async () => {
    const ticket = await openTicket(driver);
    for (let at = 0; at < 5; at += 1) await post(admin, ticket.id, `m${at}`);
    using socket = driver.connect();
    const { epoch } = await subscribe(socket, `ticket:${ticket.id}`);
    const back = await subscribe(socket, `ticket:${ticket.id}`, { after: 4, epoch });
    expect(back).toMatchObject({ recovered: true, version: 6, epoch });
    expect(versions(back.events)).toEqual([5, 6]);
    await socket.ask('unsubscribe', { stream: `ticket:${ticket.number}` });
    const last = await post(admin, ticket.id, 'unheard');
    expect(versions((await subscribe(socket, `ticket:${ticket.id}`, { after: 6 })).events)).toEqual([last]);
    expect(socket.all('event')).toEqual([]);
  });

  it('that missed too much, or has another epoch, receives resync and then live events', async () => {
    const ticket = await openTicket(driver);
    for (let at = 0; at < 12; at += 1) await post(admin, ticket.id, `m${at}`);
    const stream = `ticket:${ticket.id}`;
    using socket = driver.connect();
    const cases: [object, string][] = [
      [{}, 'too_old'],
      [{ after: 2 }, 'too_old'],
      [{ after: 12, epoch: 'another' }, 'epoch'],
      [{ after: 12, epoch: 'another.public' }, 'epoch'],
      [{ after: 1_000 }, 'epoch'],
    ];
    for (const [request, reason] of cases) {
      socket.heard.length = 0;
      expect(await subscribe(socket, stream, request)).toMatchObject({ recovered: false, version: 13, events: [] });
      expect(socket.all('resync')).toEqual([{ stream, reason, version: 13 }]);
    }
    const version = await post(admin, ticket.id, 'live');
    expect(await socket.first('event')).toMatchObject({ version });
  });

  it('without an ack receives the replay as single events', async () => {
    const ticket = await openTicket(driver);
    using socket = driver.connect();
    await socket.first('connected');
    socket.socket.emit('subscribe', { stream: `ticket:${ticket.id}` });
    expect(await socket.first('event')).toMatchObject({ version: 1, type: 'TicketOpened' });
  });

  it('is refused for a stream without access, and for an invalid name', async () => {
    const ticket = await openTicket(admin);
    using socket = driver.connect();
    const refused = await subscribe(socket, `ticket:${ticket.id}`);
    expect(refused).toEqual(await subscribe(socket, 'ticket:no-such-ticket'));
    expect(refused.error).toEqual({ type: 'not_found', message: 'Ticket not found', field: 'stream' });
    for (const stream of ['', 'inbox:8', 'ticket:', 'user:1', 'ticket.x', 'room:a b', 'reference:grn-1', 7]) {
      expect(await socket.ask('subscribe', { stream })).toMatchObject({ error: { field: 'stream' } });
    }
    expect(socket.all('event')).toEqual([]);
  });
});

describe('internal notes', () => {
  it('are sent to staff and not to requesters, live and in replays', async () => {
    const ticket = await openTicket(driver);
    using requester = driver.connect();
    using staff = agent.connect();
    await subscribe(requester, `ticket:${ticket.id}`);
    await subscribe(staff, `ticket:${ticket.id}`);
    await post(admin, ticket.id, 'psst', true);
    const last = await post(admin, ticket.id, 'hello');
    expect(last).toBe(3);
    for (const socket of [requester, staff]) {
      await socket.first('event', ({ data }) => data.message?.message === 'hello');
    }
    // The versions that the requester sees have no hole.
    expect(versions(requester.all('event'))).toEqual([2]);
    expect(versions(staff.all('event'))).toEqual([2, 3]);
    const again = await subscribe(requester, `ticket:${ticket.id}`, { after: 0 });
    expect(versions(again.events)).toEqual([1, 2]);
    expect(JSON.stringify([again, requester.heard])).not.toContain('psst');
  });

  it('cause a resync when a user becomes staff, or is staff no longer: live, and at a reconnection', async () => {
    const ticket = await openTicket(agent);
    await post(admin, ticket.id, 'psst', true);
    const stream = `ticket:${ticket.id}`;
    using socket = agent.connect();
    const { epoch: asStaff, version } = await subscribe(socket, stream);
    await subscribe(socket, 'inbox');
    await setRole('driver');
    const resyncs = () => socket.all('resync').map((one) => [one.stream, one.reason]);
    await until(() => resyncs().length === 2, 'both resyncs');
    expect(resyncs().toSorted()).toEqual([
      ['inbox', 'access'],
      [stream, 'access'],
    ]);
    using back = agent.connect();
    const changed = await subscribe(back, stream, { after: version, epoch: asStaff });
    expect(changed).toMatchObject({ recovered: false, events: [] });
    expect(back.all('resync')).toMatchObject([{ stream, reason: 'access' }]);
    const { epoch: asDriver, version: publicVersion } = changed;
    const asBefore = { after: publicVersion, epoch: asDriver };
    expect(await subscribe(back, stream, asBefore)).toMatchObject({ recovered: true });
    socket.socket.disconnect();
    back.socket.disconnect();
    await setRole('agent');
    using again = await connectedAs('agent', '/');
    expect(await subscribe(again, stream, asBefore)).toMatchObject({ recovered: false });
  });

  it('previewed to staff are not sent again to a user who is staff no longer', async () => {
    const ticket = await openTicket(driver);
    await admin.send('POST', `/api/v1/tickets/${ticket.id}/participants`, { userId: '4' });
    using before = agent.connect('/notifications');
    await before.first('unread-count');
    await post(admin, ticket.id, 'psst', true);
    const { seq } = await before.first('notification:new', ({ message }) => message.includes('psst'));
    before.socket.disconnect();
    await setRole('driver');
    using after = await connectedAs('driver', '/notifications', { token: agent.token, lastSeq: seq - 1 });
    await post(admin, ticket.id, 'public');
    await after.first('notification:new', ({ message }) => message.includes('public'));
    expect(JSON.stringify(after.heard)).not.toContain('psst');
    await setRole('agent');
  });
});

describe('an inbox', () => {
  it('sends notifications in the order of their seq, and the set of unread ones', async () => {
    const send = (title: string) =>
      admin.send('POST', '/api/v1/notifications', { userIds: ['7'], type: 'news', title, message: title });
    const accounts = await signIn(node.url, 'accounts');
    await send('one');
    await send('two');
    await until(async () => (await accounts.send('GET', '/api/v1/notifications')).body.items.length === 2, 'both');
    using socket = accounts.connect();
    const answer = await subscribe(socket, 'inbox');
    expect(answer).toMatchObject({ stream: 'inbox', version: 2, recovered: true });
    expect(answer.events).toMatchObject([
      {
        stream: 'inbox',
        version: 1,
        type: 'NotificationReceived',
        position: expect.any(Number),
        data: { title: 'one', read: false },
      },
      { version: 2, data: { title: 'two' } },
    ]);
    const unread = (fits: (data: { count: number; unseen: number; upTo: number }) => boolean) =>
      socket.first('event', ({ type, data }) => type === 'NotificationsUnread' && fits(data));
    expect((await unread(() => true)).data).toEqual({ from: 1, upTo: 2, count: 2, unseen: 2, unread: [[1, 2]] });
    await send('three');
    const third = await socket.first('event', ({ version }) => version === 3);
    expect(third.data.title).toBe('three');
    const ids = [answer.events[1].id];
    await accounts.send('POST', '/api/v1/notifications/read', { ids });
    const received = (await unread(({ count, upTo }) => count === 2 && upTo === 3)).data;
    expect(received).toEqual({
      from: 1,
      upTo: 3,
      count: 2,
      unseen: 2,
      unread: [
        [1, 1],
        [3, 3],
      ],
    });
    await accounts.send('POST', '/api/v1/notifications/seen', { upToSeq: 2 });
    await unread(({ count, unseen }) => count === 2 && unseen === 1);
    await accounts.send('POST', '/api/v1/notifications/read-all', {});
    expect((await unread(({ count }) => count === 0)).data.unread).toEqual([]);
    await socket.ask('unsubscribe', { stream: 'inbox' });
    expect((await subscribe(socket, 'inbox', { after: 2 })).events).toMatchObject([{ version: 3 }]);
  });
});

it('all subscriptions are void when the log has a new epoch', async () => {
  await using own = await startServices();
  await using restored = await startNode(own, { gateway: { headCheckEvery: 50 } });
  const client = await signIn(restored.url, 'driver');
  const ticket = await openTicket(client);
  using socket = client.connect();
  const before = await subscribe(socket, `ticket:${ticket.id}`);
  await renewEpoch(restored.pool, before.epoch.split('.')[0]);
  await until(() => socket.all('connected').length === 2, 'the socket to come back');
  for (const stream of [`ticket:${ticket.id}`, 'inbox', 'room:lobby']) {
    const again = await subscribe(socket, stream, { after: 0, epoch: before.epoch });
    expect(again).toMatchObject({ success: true, recovered: false });
    expect(await socket.first('resync', (one) => one.stream === stream)).toMatchObject({ reason: 'epoch' });
    expect(again.epoch).not.toBe(before.epoch);
  }
});
