/**
 * Tests the promise of the client library: after any trouble with its connections it has the state that a fresh client
 * loads, and each of its commands is carried out once. A proxy between the client and the real server cuts, holds,
 * deafens and refuses at random, while users write, change the ticket, and add and remove each other.
 *
 * `CLIENT_RUNS` sets the number of runs (5 when absent); `CLIENT_SEED` repeats a run.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, createClient, signIn, type TicketHandle } from '../../../src/client/index.ts';
import { PASSWORD, type Person } from '../../conformance/people.ts';
import { type StartedServer, startServer } from '../../conformance/server.ts';
import { type FlakyProxy, startFlakyProxy } from '../../support/flaky-proxy.ts';
import { until } from '../../support/until.ts';

const RUNS = Number(process.env.CLIENT_RUNS ?? 5);
const SEED = process.env.CLIENT_SEED === undefined ? {} : { seed: Number(process.env.CLIENT_SEED) };

let server: StartedServer;
let proxy: FlakyProxy;
const tokens = new Map<Person, () => Promise<string>>();

beforeAll(async () => {
  // So low that a client which was away for long must load afresh.
  server = await startServer({ REPLAY_LIMIT: '8' });
  proxy = await startFlakyProxy(server.url);
  for (const person of ['driver', 'driver2', 'agent', 'admin'] as const) {
    const { token } = await signIn({ url: server.url, email: `${person}@example.com`, password: PASSWORD });
    const first = await token();
    tokens.set(person, () => Promise.resolve(first));
  }
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

function clientOf(person: Person, url: string): Client {
  const token = tokens.get(person);
  if (token === undefined) throw new Error(`${person} has not signed in`);
  return createClient({ url, token, pace: { first: 20, most: 100 } });
}

const text = fc.constantFrom('yes', 'no', 'please', 'مرحبا', '🙂');
const network = fc.constantFrom('cut', 'cut', 'hold', 'deafen', 'refuse', 'heal', 'heal');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('mine' as const), text }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('theirs' as const), text, internal: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('burst' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('status' as const),
      status: fc.constantFrom('open', 'pending', 'resolved'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('let' as const), in: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('role' as const), role: fc.constantFrom('agent', 'driver') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('network' as const), what: network }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), for: fc.integer({ min: 1, max: 60 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly ticketId: string;
  readonly admin: Client;
  readonly driver: Client;
  readonly mine: TicketHandle;
  /** What the driver posted, in order. */
  readonly posted: string[];
}

/** Refusals are expected: a ticket that the user may not see, a change without an effect. */
async function act({ ticketId, admin, driver, mine, posted }: World, one: Step): Promise<unknown> {
  switch (one.do) {
    case 'mine':
      posted.push(`${one.text} ${posted.length}`);
      // Not awaited: it may take long.
      void mine.post(posted.at(-1) ?? '').catch(() => undefined);
      return undefined;
    case 'theirs':
      return admin.tickets.post(ticketId, { message: one.text, internal: one.internal });
    case 'burst':
      return Promise.all(Array.from({ length: 12 }, (_, at) => admin.tickets.post(ticketId, `of many ${at}`)));
    case 'status':
      return admin.tickets.change(ticketId, { status: one.status as 'open' });
    case 'let':
      return one.in ? admin.tickets.addParticipant(ticketId, '8') : admin.tickets.removeParticipant(ticketId, '8');
    case 'role':
      return admin.request('PATCH', '/api/v1/users/4', { body: { role: one.role } });
    case 'read':
      void mine.read().catch(() => undefined);
      void driver.inbox.markAllRead().catch(() => undefined);
      return undefined;
    case 'network':
      proxy[one.what as 'cut' | 'hold' | 'deafen' | 'refuse' | 'heal']();
      return undefined;
    case 'wait':
      return pause(one.for);
  }
}

async function whole(ticket: TicketHandle): Promise<TicketHandle> {
  while (ticket.state.hasOlder) await ticket.loadOlder(100);
  return ticket;
}

/** The comparable state, without the version of the ticket: a load counts internal events, the events do not. */
function shown(ticket: TicketHandle, client: Client) {
  const { ticket: fields, messages, outgoing, status } = ticket.state;
  const { version: _, participantIds, ...rest } = fields ?? {};
  const { notifications, unread } = client.inbox.state;
  // The author of an internal note becomes a participant; a user who may not see the note learns that with a load only.
  const people = status === 'gone' ? undefined : participantIds?.filter((id) => id !== '2');
  return { status, rest, people, messages, outgoing, notifications: notifications.slice(0, 20), unread };
}

async function converges(who: Person, used: Client, ticket: TicketHandle): Promise<void> {
  using fresh = disposable(clientOf(who, server.url));
  const theirs = fresh.client.ticket(ticket.id);
  await Promise.allSettled([theirs.ready(), fresh.client.inbox.ready()]);
  const same = async () => {
    if (ticket.state.status === 'gone' && theirs.state.status === 'live') ticket.reload();
    await Promise.all([whole(ticket), whole(theirs)]);
    return isDeepStrictEqual(shown(ticket, used), shown(theirs, fresh.client));
  };
  await until(same, `${who} to have what a fresh client has`, { timeoutMs: 20_000 }).catch(() => {
    expect(shown(ticket, used), who).toEqual(shown(theirs, fresh.client));
  });
}

function disposable(client: Client): { readonly client: Client } & Disposable {
  return { client, [Symbol.dispose]: () => client.close() };
}

it('after any sequence of drops, has the state that a fresh client loads, and has carried out each command once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      proxy.heal();
      using admin = disposable(clientOf('admin', server.url));
      const people = (['driver', 'driver2', 'agent'] as const).map((who) => ({
        who,
        ...disposable(clientOf(who, proxy.url)),
      }));
      try {
        const [driver] = people;
        if (driver === undefined) throw new Error('nobody is there');
        await admin.client.request('PATCH', '/api/v1/users/4', { body: { role: 'agent' } });
        const { id } = await driver.client.tickets.open({ description: 'Whatever happens' });
        const followed = people.map(({ client }) => client.ticket(id));
        for (const { client } of people) client.inbox.follow();
        const [mine] = followed;
        if (mine === undefined) throw new Error('nothing is followed');
        await mine.ready();
        const received: string[] = [];
        mine.on('message', (message) => received.push(message.id));
        const world: World = { ticketId: id, admin: admin.client, driver: driver.client, mine, posted: [] };
        for (const one of steps) await act(world, one).catch(() => undefined);
        proxy.heal();
        proxy.cut();
        await until(() => driver.client.outbox.entries.length === 0, 'everything to be sent');
        for (const [at, { who, client }] of people.entries()) {
          const ticket = followed[at];
          if (ticket !== undefined) await converges(who, client, ticket);
        }
        const posts = mine.state.messages.filter(({ messageType }) => messageType !== 'SYSTEM');
        const own = posts.filter(({ senderId }) => senderId === '1').map(({ message }) => message);
        expect(own).toEqual(world.posted);
        // All of them, each once and in order.
        expect(received).toEqual(mine.state.messages.map((message) => message.id));
      } finally {
        for (const { client } of people) client.close();
      }
    }),
    { numRuns: RUNS, endOnFailure: true, ...SEED },
  );
}, 600_000);

it('has the latest messages of a room that missed more than is replayed, and receives none twice', async () => {
  proxy.heal();
  using driver = disposable(clientOf('driver', proxy.url));
  using agent = disposable(clientOf('agent', server.url));
  const [mine, theirs] = [driver.client.room('busy'), agent.client.room('busy')];
  const received: unknown[] = [];
  mine.on('message', ({ message }) => received.push(message));
  await Promise.all([mine.ready(), theirs.ready()]);
  await theirs.send(0);
  await until(() => received.length === 1, 'the first message');
  driver.client.connection.disconnect();
  for (let number = 1; number <= 20; number += 1) await theirs.send(number);
  driver.client.connection.connect();
  await until(() => received.at(-1) === 20, 'the last message');
  await theirs.send(21);
  await until(() => received.at(-1) === 21, 'the next message');
  const latest = mine.state.messages.map(({ message }) => message);
  expect(latest).toEqual(Array.from({ length: latest.length }, (_, at) => 22 - latest.length + at));
  expect(new Set(received).size).toBe(received.length);
});

it('follows an inbox that more notifications have left than are replayed', async () => {
  proxy.heal();
  using admin = disposable(clientOf('admin', server.url));
  using driver = disposable(clientOf('driver', server.url));
  using late = disposable(clientOf('driver2', server.url));
  const { id } = await driver.client.tickets.open({ description: 'Not for long' });
  await admin.client.tickets.addParticipant(id, '8');
  for (let number = 0; number < 12; number += 1) await admin.client.tickets.post(id, { message: `number ${number}` });
  await admin.client.tickets.removeParticipant(id, '8');
  const listed = async () => JSON.stringify(await late.client.request('GET', '/api/v1/notifications'));
  await until(async () => !(await listed()).includes(id), 'the notifications to leave the inbox');
  await late.client.inbox.ready();
  expect(JSON.stringify(late.client.inbox.state.notifications)).not.toContain(id);
});
