/**
 * Test the promise of Deskwire's own protocol on random histories: a client that reconnects often, and receives
 * replays, has the same state as a fresh load gives. The broker loses, doubles, delays and reorders events all the
 * time. Roles and participants change, so that some clients lose access, or see more or less, for some time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { disorderly, seeded } from './disorder.ts';
import { type Follower, follow, inboxModel, type Model, roomModel, ticketModel } from './reference-client.ts';
import { type Client, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let driver2: Client;
let admin: Client;
let agent: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, {
    gateway: { headCheckEvery: 100, inboxCheckEvery: 100, ringSize: 8, readLimit: 7, replayLimit: 25 },
    wrapBroker: (broker) => disorderly(broker, { lose: 0.15, double: 0.2, delay: 0.3, random: seeded(11) }),
  });
  [driver, driver2, admin, agent] = (await Promise.all(
    ['driver', 'driver2', 'admin', 'agent'].map((name) => signIn(node.url, name)),
  )) as [Client, Client, Client, Client];
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const STEPS = 80;

/** Runs one random action of a user on a ticket. Some are refused. */
function act(ticketId: string, random: () => number, at: number): Promise<unknown> {
  const ticket = `/api/v1/tickets/${ticketId}`;
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const actions: (() => Promise<unknown>)[] = [
    () => post(admin, ticketId, `public ${at}`),
    () => post(admin, ticketId, `note ${at}`, true),
    () => driver.send('POST', `/api/tickets/${ticketId}/chat`, { message: `question ${at}` }),
    () => agent.send('POST', `/api/tickets/${ticketId}/chat`, { message: `answer ${at}` }),
    () => admin.send('PATCH', ticket, { status: one(['open', 'in_progress', 'pending', 'resolved']) }),
    () => admin.send('PATCH', ticket, { priority: one(['low', 'high']), description: `described ${at}` }),
    () => admin.send('PATCH', ticket, { tags: [`tag ${at}`], assigneeId: one(['4', '2', null]) }),
    () => admin.send('POST', `${ticket}/participants`, { userId: '8' }),
    () => admin.send('DELETE', `${ticket}/participants/8`),
    () => driver.send('POST', `${ticket}/read`, { upTo: at }),
    () => admin.send('PATCH', '/api/v1/users/4', { role: one(['driver', 'agent']) }),
    () => driver.send('POST', '/api/v1/notifications/read-all', {}),
    () => one([driver, admin]).send('POST', '/api/v1/notifications/seen', {}),
    () => readSome(agent),
  ];
  return one(actions)();
}

async function readSome(client: Client): Promise<unknown> {
  const { body } = await client.send('GET', '/api/v1/notifications?unread=true&limit=2');
  const ids = body.items.map(({ id }: { id: string }) => id);
  return ids.length === 0 ? undefined : client.send('POST', '/api/v1/notifications/read', { ids });
}

async function converges(what: string, client: Client, follower: Follower, fresh: () => Model): Promise<void> {
  let loaded: unknown;
  await until(
    async () => {
      const model = fresh();
      (await model.load(client))?.take();
      loaded = model.state();
      return isDeepStrictEqual(follower.model.state(), loaded);
    },
    `${what} to equal a fresh load`,
    { timeoutMs: 60_000, everyMs: 50 },
  ).catch(() => expect(follower.model.state(), what).toEqual(loaded));
}

it.each([1, 2, 3, 4, 5])(
  'a client that reconnected has the state of a fresh load, after any history (%i)',
  async (seed) => {
    const random = seeded(seed);
    await admin.send('PATCH', '/api/v1/users/4', { role: 'agent' });
    const ticket = await openTicket(driver);
    await post(agent, ticket.id, 'on it');
    const seen: [string, Client, Follower, () => Model][] = [];
    for (const [name, client, sees] of [
      ['the requester', driver, 'public'],
      ['a participant', driver2, 'public'],
      ['an admin', admin, 'everything'],
      ['an agent', agent, 'everything'],
    ] as const) {
      const fresh = () => ticketModel(ticket.id, name === 'an agent' ? 'public' : sees);
      seen.push([`the ticket of ${name}`, client, follow(client, `ticket:${ticket.id}`, fresh()), fresh]);
      seen.push([`the inbox of ${name}`, client, follow(client, 'inbox', inboxModel()), inboxModel]);
    }
    try {
      for (const [, , follower] of seen) follower.connect();
      for (let at = 0; at < STEPS; at += 1) {
        await act(ticket.id, random, at);
        const [, , follower] = seen[Math.floor(random() * seen.length)] ?? [];
        if (follower === undefined || random() < 0.6) continue;
        follower.drop();
        if (random() < 0.3) await pause(random() * 40);
        follower.connect();
      }
      // A client that lost access subscribes once more, as when its user opens the page again.
      for (const [, , follower] of seen) {
        if (follower.model.state() !== 'nothing') continue;
        follower.drop();
        follower.connect();
      }
      for (const [what, client, follower, fresh] of seen) await converges(what, client, follower, fresh);
    } finally {
      for (const [, , follower] of seen) follower.drop();
    }
  },
);

it('a client that reconnected has every message of a room, once and in order', async () => {
  const random = seeded(99);
  await using tall = await startNode(services, {
    gateway: { headCheckEvery: 100, ringSize: 8, readLimit: 7, replayLimit: 200 },
    wrapBroker: (broker) => disorderly(broker, { lose: 0.15, double: 0.2, delay: 0.3, random }),
  });
  const client = await signIn(tall.url, 'driver');
  const follower = follow(client, 'room:noisy', roomModel());
  follower.connect();
  using speaker = (await signIn(tall.url, 'driver2')).connect();
  for (let at = 1; at <= 100; at += 1) {
    await speaker.ask('roomMessage', { room: 'noisy', message: at });
    if (random() < 0.7) continue;
    follower.drop();
    follower.connect();
  }
  const all = Array.from({ length: 100 }, (_, index) => ({ version: index + 1, message: index + 1 }));
  await until(() => isDeepStrictEqual(follower.model.state(), all), 'every message, once and in order');
  expect(follower.resyncs).toEqual([]);
  follower.drop();
});
