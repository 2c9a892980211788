/**
 * Every way in which somebody's access to a ticket ends, and everything that ends with it at once: reading, posting,
 * files, live events, replays, lists, search, counts and the inbox. Each of them posted before, which keeps no access.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Client, clientOf } from '../api/rig.ts';
import { PNG } from '../attachments/files.ts';
import { type Listener, listen } from '../gateway/rig.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const PASSWORD = 'a quiet harbour at dawn';
const admin = () => world.client('admin');
const colleague = () => world.client('colleague');
let made = 0;

interface Person {
  readonly id: string;
  readonly client: Client;
}

/** Somebody new, with a role and what belongs to it. */
async function person(role: string, vendorId?: string): Promise<Person> {
  made += 1;
  const email = `person-${made}@cast.example.com`;
  const user = { name: `Person ${made}`, role, email, password: PASSWORD, ...(vendorId && { vendorId }) };
  const { status, body } = await admin().send('POST', '/api/v1/users', user);
  expect(status).toBe(201);
  const login = await world.anonymous.send('POST', '/api/v1/auth/login', { email, password: PASSWORD });
  return { id: body.id, client: clientOf(world.node.url, login.body.access_token) };
}

async function expectOk(answer: Promise<{ status: number; body: unknown }>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) expect.fail(`${status}: ${JSON.stringify(body)}`);
}

const refer = (type: string, id: string, facts: object) =>
  expectOk(admin().send('PUT', `/api/v1/references/${type}/${id}`, facts));

/** A ticket of the outsider. */
async function open(fields: object = {}): Promise<string> {
  const opened = await world.client('outsider').send('POST', '/api/v1/tickets', { description: 'Rust', ...fields });
  expect(opened.status).toBe(201);
  return opened.body.id;
}

interface Ending {
  readonly title: string;
  /** Somebody with access to a ticket, and what takes it away. */
  arrange(): Promise<{ who: Person; ticketId: string; end: () => Promise<void> }>;
}

const change = (ticketId: string, changes: object) =>
  expectOk(admin().send('PATCH', `/api/v1/tickets/${ticketId}`, changes));
const changeUser = ({ id }: Person, changes: object) => expectOk(admin().send('PATCH', `/api/v1/users/${id}`, changes));
const assign = (ticketId: string, { id }: Person) =>
  expectOk(admin().send('PUT', `/api/v1/tickets/${ticketId}/assignee`, { userId: id }));
const add = (ticketId: string, { id }: Person) =>
  expectOk(admin().send('POST', `/api/v1/tickets/${ticketId}/participants`, { userId: id }));

/** The vendor of a new GRN or dispatch, and a ticket about it. */
async function vendorOf(type: 'grn' | 'dispatch') {
  const [vendorId, reference] = [`vendor-${type}-${made}`, `${type}-${made}`];
  const who = await person('vendor', vendorId);
  await refer(type, reference, { vendorId });
  return { who, vendorId, reference, ticketId: await open({ [`${type}Id`]: reference }) };
}

async function verifier() {
  const [who, reference] = [await person('ops'), `verified-${made}`];
  await refer('grn', reference, { vendorId: 'others', verifiedBy: who.id });
  return { who, reference, ticketId: await open({ grnId: reference }) };
}

const ENDINGS: readonly Ending[] = [
  {
    title: 'the GRN has another vendor',
    async arrange() {
      const { who, ticketId, reference } = await vendorOf('grn');
      return { who, ticketId, end: () => refer('grn', reference, { vendorId: 'others' }) };
    },
  },
  {
    title: 'the dispatch has no vendor any more',
    async arrange() {
      const { who, ticketId, reference } = await vendorOf('dispatch');
      return { who, ticketId, end: () => refer('dispatch', reference, {}) };
    },
  },
  {
    title: 'the GRN has another verifier',
    async arrange() {
      const { who, ticketId, reference } = await verifier();
      return { who, ticketId, end: () => refer('grn', reference, { vendorId: 'others', verifiedBy: 'somebody' }) };
    },
  },
  {
    title: 'the category is no longer for accounts',
    async arrange() {
      const [who, ticketId] = [await person('accounts'), await open({ category: 'invoice' })];
      return { who, ticketId, end: () => change(ticketId, { category: 'general' }) };
    },
  },
  {
    title: 'the ticket is assigned to somebody else',
    async arrange() {
      const [who, next, ticketId] = [await person('ops'), await person('accounts'), await open()];
      await assign(ticketId, who);
      return { who, ticketId, end: () => assign(ticketId, next) };
    },
  },
  {
    title: 'the ticket is assigned to nobody',
    async arrange() {
      const [who, ticketId] = [await person('ops'), await open()];
      await assign(ticketId, who);
      return { who, ticketId, end: () => change(ticketId, { assigneeId: null }) };
    },
  },
  {
    title: 'an agent becomes a driver',
    async arrange() {
      const [who, ticketId] = [await person('agent'), await open()];
      return { who, ticketId, end: () => changeUser(who, { role: 'driver' }) };
    },
  },
  {
    title: 'an admin becomes ops',
    async arrange() {
      const [who, ticketId] = [await person('admin'), await open()];
      return { who, ticketId, end: () => changeUser(who, { role: 'ops' }) };
    },
  },
  {
    title: 'a verifier becomes a vendor',
    async arrange() {
      const { who, ticketId } = await verifier();
      return { who, ticketId, end: () => changeUser(who, { role: 'vendor' }) };
    },
  },
  {
    title: 'a vendor belongs to another company',
    async arrange() {
      const { who, ticketId } = await vendorOf('grn');
      return { who, ticketId, end: () => changeUser(who, { vendorId: `new-${made}` }) };
    },
  },
  {
    title: 'a participant is removed',
    async arrange() {
      const [who, ticketId] = [await person('customer'), await open()];
      await add(ticketId, who);
      const path = `/api/v1/tickets/${ticketId}/participants/${who.id}`;
      return { who, ticketId, end: () => expectOk(admin().send('DELETE', path)) };
    },
  },
  {
    title: 'a participant leaves',
    async arrange() {
      const [who, ticketId] = [await person('driver'), await open()];
      await add(ticketId, who);
      const path = `/api/v1/tickets/${ticketId}/participants/${who.id}`;
      return { who, ticketId, end: () => expectOk(who.client.send('DELETE', path)) };
    },
  },
  {
    title: 'the ticket is deleted',
    async arrange() {
      const [who, ticketId] = [await person('customer'), await open()];
      await add(ticketId, who);
      return { who, ticketId, end: () => expectOk(admin().send('DELETE', `/api/v1/tickets/${ticketId}`)) };
    },
  },
];

/** Tells a socket only that it is out. */
const FAREWELLS = ['left_ticket', 'left-ticket', 'resync'];

const connect = ({ client }: Person, namespace: string, auth: object = {}): Listener =>
  listen(world.node.url + namespace, { auth: { token: client.token, ...auth } });

async function upload({ client }: Person, ticketId: string) {
  const form = new FormData();
  form.set('file', new Blob([PNG]), 'rust.png');
  return client.fetch(`/api/tickets/${ticketId}/chat/upload`, { method: 'POST', body: form });
}

const say = async ({ client }: { client: Client }, ticketId: string, body: object) =>
  client.send('POST', `/api/tickets/${ticketId}/chat`, body);
const unreadOf = async ({ client }: Person): Promise<number> =>
  (await client.send('GET', '/api/v1/notifications/unread-count')).body.count;

it.each(ENDINGS)(
  'everything ends at once when $title',
  async ({ title, arrange }) => {
    const { who, ticketId, end } = await arrange();
    const { number } = (await admin().send('GET', `/api/v1/tickets/${ticketId}`)).body;
    const deleted = title.includes('deleted');
    const get = async (path: string) => (await who.client.send('GET', path)).body;
    const inbox = async () => JSON.stringify(await get('/api/v1/notifications?limit=100'));

    // What they have: a message with a file, unread notifications, a list that shows it, sockets in it.
    const uploaded = (await (await upload(who, ticketId)).json()) as { id: string; url: string };
    const spare = (await (await upload(who, ticketId)).json()) as { id: string };
    expect((await say(who, ticketId, { message: 'mine', attachments: [uploaded.id] })).status).toBe(201);
    const words = `word-${made}`;
    // It has nothing to do with the ticket, and is all that remains.
    const other = { userIds: [who.id], type: 'news', title: 'News', message: 'Read this' };
    await expectOk(admin().send('POST', '/api/v1/notifications', other));
    const unread = await unreadOf(who);
    await say({ client: colleague() }, ticketId, { message: `first ${words}` });
    await say({ client: colleague() }, ticketId, { message: `second ${words}` });
    await until(async () => (await unreadOf(who)) === unread + 2, 'the notifications');
    const link = (await get(`/api/tickets/${ticketId}/chat`)).messages.find(
      ({ attachments }: { attachments: unknown[] }) => attachments.length > 0,
    ).attachments[0].url;
    expect((await world.anonymous.fetch(link)).status).toBe(200);
    const { items: listed } = await get('/api/v1/tickets?unread=true&limit=100');
    expect(listed.find(({ id }: { id: string }) => id === ticketId)).toMatchObject({ unread: 2 });

    using chat = connect(who, '/');
    using stream = connect(who, '/');
    using support = connect(who, '/support');
    using notifications = connect(who, '/notifications');
    using watcher = listen(world.node.url, { auth: { token: admin().token } });
    using requester = listen(`${world.node.url}/notifications`, { auth: { token: world.client('outsider').token } });
    const own = [chat, stream, support, notifications];
    await Promise.all([...own, watcher, requester].map((socket) => socket.first('connected')));
    for (const [socket, name, payload] of [
      [chat, 'join_ticket', { ticketId }],
      [stream, 'subscribe', { stream: `ticket:${ticketId}` }],
      [stream, 'subscribe', { stream: 'inbox' }],
      [support, 'join-ticket', { ticketId }],
      [chat, 'typing_start', { ticketId }],
      [watcher, 'join_ticket', { ticketId }],
    ] as const) {
      expect([name, await socket.ask(name, payload)]).toMatchObject([name, { success: true }]);
    }

    const from = own.map(({ heard }) => heard.length);
    await end();
    await until(async () => (await who.client.send('GET', `/api/v1/tickets/${ticketId}`)).status === 404, 'the end');

    // Live: they are told that they are out, their inbox counts less, and nothing else comes.
    await chat.first('left_ticket');
    await support.first('left-ticket');
    await stream.first('resync', (payload) => payload.stream === `ticket:${ticketId}` && payload.reason === 'access');
    await stream.first('resync', (payload) => payload.stream === 'inbox' && payload.reason === 'access');
    await until(() => notifications.all('unread-count').at(-1)?.count === 1, 'the count without the ticket');
    if (!deleted) {
      const after = `after ${words}`;
      await colleague().send('PATCH', `/api/v1/tickets/${ticketId}`, { priority: 'urgent' });
      await say({ client: world.client('outsider') }, ticketId, { message: 'from the requester' });
      expect((await say({ client: colleague() }, ticketId, { message: after })).status).toBe(201);
      await watcher.first('new_message', ({ message }) => message.message === after);
      await requester.first('notification:new', ({ message }) => message.includes(after));
      // The other posters of the ticket would be notified with the requester.
      const heard = own.flatMap(({ heard: all }, index) => all.slice(from[index]));
      const strange = heard.filter(
        ({ name, payload }) => !FAREWELLS.includes(name) && /word-|requester/.test(JSON.stringify(payload)),
      );
      expect(strange).toEqual([]);
      const pushed = await world.client('service').send('POST', `/websocket/event/ticket/${ticketId}/nudge`, {});
      expect(pushed.body).toEqual({ delivered: 1 });
    }

    // Requests of sockets, by id and by number, from any cursor.
    for (const id of [ticketId, String(number)]) {
      const asked = [
        [chat, 'join_ticket', { ticketId: id }],
        [chat, 'join_ticket', { ticketId: id, after: 0 }],
        [chat, 'load_history', { ticketId: id }],
        [chat, 'load_history', { ticketId: id, before: 100 }],
        [chat, 'send_message', { ticketId: id, message: 'still here' }],
        [chat, 'mark_ticket_read', { ticketId: id, upTo: 1 }],
        [chat, 'typing_start', { ticketId: id }],
        [stream, 'subscribe', { stream: `ticket:${id}` }],
        [stream, 'subscribe', { stream: `ticket:${id}`, after: 2 }],
        [support, 'join-ticket', { ticketId: id, after: 0 }],
        [support, 'typing', { ticketId: id, isTyping: true }],
      ] as const;
      for (const [socket, name, payload] of asked) {
        const answer = await socket.ask(name, payload);
        expect([name, answer.success, answer.error?.type]).toEqual([
          name,
          false,
          name.startsWith('typing') ? 'conflict' : 'not_found',
        ]);
      }
    }
    const replayed = await stream.ask('subscribe', { stream: 'inbox', after: 0 });
    expect(JSON.stringify(replayed)).not.toMatch(/word-/);
    using again = connect(who, '/notifications', { lastSeq: 0 });
    await again.first('unread-count');
    expect(JSON.stringify(again.heard)).not.toMatch(/word-/);

    // HTTP.
    const paths = [`/api/v1/tickets/${ticketId}`, `/api/v1/tickets/${number}`];
    for (const path of [
      ...paths,
      ...['messages', 'messages?after=0', 'participants', 'events'].map(
        (rest) => `/api/v1/tickets/${ticketId}/${rest}`,
      ),
      `/api/tickets/${ticketId}/chat`,
      `/api/tickets/${ticketId}/chat/participants`,
      `/api/v1/support/${number}`,
      `/api/v1/attachments/${uploaded.id}`,
      `/api/v1/attachments/${spare.id}`,
    ]) {
      expect([path, (await who.client.send('GET', path)).status]).toEqual([path, 404]);
    }
    expect((await world.anonymous.fetch(link)).status).toBe(404);
    for (const [method, path, body] of [
      ['POST', `/api/tickets/${ticketId}/chat`, { message: 'still here' }],
      ['POST', `/api/v1/tickets/${ticketId}/messages`, { message: 'still here', attachments: [spare.id] }],
      ['POST', `/api/v1/tickets/${ticketId}/read`, { upTo: 1 }],
      ['PATCH', `/api/v1/tickets/${ticketId}`, { priority: 'low' }],
      ['PATCH', `/api/v1/support/${number}`, { priority: 'low' }],
      ['PUT', `/api/v1/tickets/${ticketId}/assignee`, { userId: who.id }],
      ['POST', `/api/v1/tickets/${ticketId}/participants`, { userId: who.id }],
      ['DELETE', `/api/v1/tickets/${ticketId}`, undefined],
    ] as const) {
      expect([path, (await who.client.send(method, path, body)).status]).toEqual([path, 404]);
    }
    expect((await upload(who, ticketId)).status).toBe(404);
    for (const query of ['', '?unread=true', '?q=rust', `?q=${number}`, '?status=open', `?ids=${ticketId}`]) {
      const { items } = await get(`/api/v1/tickets${query}`);
      expect([query, items.filter((item: { id: string }) => item.id === ticketId)]).toEqual([query, []]);
    }
    expect(JSON.stringify(await get('/api/v1/support'))).not.toContain(ticketId);
    expect(await inbox()).not.toContain(ticketId);
    expect(await unreadOf(who)).toBe(1);
  },
  120_000,
);
