/** Which tickets have changed, for lists: told to those who see every ticket, and to nobody else. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let agent: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { ticketChangesEvery: 20 } });
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

const told = ({ heard }: Listener) =>
  heard.filter(({ name }) => name === 'tickets_changed').flatMap(({ payload }) => payload.ticketIds as string[]);
const timesTold = (listener: Listener, id: string) => told(listener).filter((one) => one === id).length;

async function asFollower(client: Client): Promise<Listener> {
  const socket = client.connect();
  expect(await socket.ask('follow_tickets', {})).toMatchObject({ success: true, following: true });
  return socket;
}

/** Resolves when the broker knows of the interest, too: something is told. */
async function following(client: Client): Promise<Listener> {
  const socket = await asFollower(client);
  const { id } = await openTicket(driver);
  const somethingTold = async () => {
    await post(driver, id, 'Is this told?');
    return timesTold(socket, id) > 0;
  };
  await until(somethingTold, 'something to be told', { everyMs: 50 });
  return socket;
}

it('tells the first to follow that anything may have changed before the broker knew of the interest', async () => {
  using socket = await asFollower(admin);
  await socket.first('tickets_changed', ({ all }) => all);
});

it('tells whoever sees every ticket that one was opened, once the list has it', async () => {
  using socket = await following(admin);
  const { id } = await openTicket(driver);
  await until(() => timesTold(socket, id) > 0, 'the ticket to be told of');
  const { body } = await admin.send('GET', `/api/v1/tickets?ids=${id}`);
  expect(body.items).toMatchObject([{ id, status: 'open' }]);
});

it('tells of messages, internal notes and changes, with nothing but the id', async () => {
  const { id } = await openTicket(driver);
  using socket = await following(admin);
  const acts = [
    () => post(driver, id, 'Is anybody there?'),
    () => post(agent, id, 'Somebody ask the depot', true),
    () => agent.send('PATCH', `/api/v1/tickets/${id}`, { status: 'pending' }),
  ];
  for (const [done, act] of acts.entries()) {
    await act();
    await until(() => timesTold(socket, id) > done, `act ${done} to be told of`);
  }
  const payloads = socket.heard.filter(({ name }) => name === 'tickets_changed').map(({ payload }) => payload);
  expect(payloads.map((payload) => Object.keys(payload).sort())).toEqual(payloads.map(() => ['all', 'ticketIds']));
});

it('says nothing of who has read what', async () => {
  const [first, second] = [await openTicket(driver), await openTicket(driver)];
  using socket = await following(admin);
  await driver.send('POST', `/api/v1/tickets/${first.id}/read`, { upTo: 1 });
  await post(driver, second.id, 'Later than the reading');
  await until(() => timesTold(socket, second.id) > 0, 'what came later to be told of');
  expect(timesTold(socket, first.id)).toBe(0);
});

it('tells others nothing', async () => {
  using stranger = driver.connect();
  expect(await stranger.ask('follow_tickets', {})).toMatchObject({ success: true, following: false });
  using socket = await following(admin);
  const { id } = await openTicket(driver);
  await until(() => timesTold(socket, id) > 0, 'the admin to be told');
  expect(told(stranger)).toEqual([]);
});

it('stops telling somebody who no longer sees every ticket', async () => {
  using socket = await following(agent);
  using witness = await asFollower(admin);
  await admin.send('PATCH', '/api/v1/users/4', { role: 'ops' });
  // The gateway hears of it by itself: from then on nothing is told.
  const { id } = await openTicket(driver);
  await until(async () => {
    const before = told(socket).length;
    const seen = timesTold(witness, id);
    await post(driver, id, 'More');
    await until(() => timesTold(witness, id) > seen, 'the admin to be told');
    return told(socket).length === before;
  }, 'the former agent to be told nothing');
  await admin.send('PATCH', '/api/v1/users/4', { role: 'agent' });
});
