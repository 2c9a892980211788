/** Test that the ids of changed tickets are sent to users who see every ticket, and to no others. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
let driver: Client;
let admin: Client;
let agent: Client;
let other: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services, { gateway: { ticketChangesEvery: 20 } });
  [driver, admin, agent, other] = (await Promise.all(
    ['driver', 'admin', 'agent', 'driver2'].map((name) => signIn(node.url, name)),
  )) as [Client, Client, Client, Client];
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const changedIds = ({ heard }: Listener) =>
  heard.filter(({ name }) => name === 'tickets_changed').flatMap(({ payload }) => payload.ticketIds as string[]);
const timesReceived = (listener: Listener, id: string) => changedIds(listener).filter((one) => one === id).length;

async function asFollower(client: Client): Promise<Listener> {
  const socket = client.connect();
  expect(await socket.ask('follow_tickets', {})).toMatchObject({ success: true, following: true });
  return socket;
}

/** Resolves when the broker has registered the subscription: an id has arrived. */
async function following(client: Client): Promise<Listener> {
  const socket = await asFollower(client);
  const { id } = await openTicket(driver);
  const idArrives = async () => {
    await post(driver, id, 'Did this arrive?');
    return timesReceived(socket, id) > 0;
  };
  await until(idArrives, 'a changed id', { everyMs: 50 });
  return socket;
}

it('sends `all` to the first follower: any ticket may have changed before the subscription was registered', async () => {
  using socket = await asFollower(admin);
  await socket.first('tickets_changed', ({ all }) => all);
});

it('sends the id of an opened ticket after the list contains the ticket', async () => {
  using socket = await following(admin);
  const { id } = await openTicket(driver);
  await until(() => timesReceived(socket, id) > 0, 'the id of the ticket');
  const { body } = await admin.send('GET', `/api/v1/tickets?ids=${id}`);
  expect(body.items).toMatchObject([{ id, status: 'open' }]);
});

it('sends only the id for messages, internal notes and changes', async () => {
  const { id } = await openTicket(driver);
  using socket = await following(admin);
  const acts = [
    () => post(driver, id, 'Is anybody there?'),
    () => post(agent, id, 'Somebody ask the depot', true),
    () => agent.send('PATCH', `/api/v1/tickets/${id}`, { status: 'pending' }),
  ];
  for (const [done, act] of acts.entries()) {
    await act();
    await until(() => timesReceived(socket, id) > done, `the id after change ${done}`);
  }
  const payloads = socket.heard.filter(({ name }) => name === 'tickets_changed').map(({ payload }) => payload);
  expect(payloads.map((payload) => Object.keys(payload).sort())).toEqual(payloads.map(() => ['all', 'ticketIds']));
});

it('sends no id when a user reads a ticket', async () => {
  const [first, second] = [await openTicket(driver), await openTicket(driver)];
  using socket = await following(admin);
  await driver.send('POST', `/api/v1/tickets/${first.id}/read`, { upTo: 1 });
  await post(driver, second.id, 'Posted after the read');
  await until(() => timesReceived(socket, second.id) > 0, 'the id of the later change');
  expect(timesReceived(socket, first.id)).toBe(0);
});

it('sends no ids of the tickets of others to a user who does not see every ticket', async () => {
  using stranger = other.connect();
  expect(await stranger.ask('follow_tickets', {})).toMatchObject({ success: true, following: false });
  using socket = await following(admin);
  const { id } = await openTicket(driver);
  await until(() => timesReceived(socket, id) > 0, 'the admin to receive the id');
  expect(changedIds(stranger)).toEqual([]);
});

it('sends participants the id of a ticket when they are added and when they are removed', async () => {
  using socket = other.connect();
  await socket.ask('follow_tickets', {});
  const { id } = await openTicket(driver);
  await until(async () => {
    await admin.send('POST', `/api/v1/tickets/${id}/participants`, { userId: '8' });
    await admin.send('DELETE', `/api/v1/tickets/${id}/participants/8`);
    return timesReceived(socket, id) > 1;
  }, 'the id of the ticket');
});

it('stops sending ids to a user who no longer sees every ticket', async () => {
  using socket = await following(agent);
  using follower = await asFollower(admin);
  await admin.send('PATCH', '/api/v1/users/4', { role: 'ops' });
  // The gateway learns of the change by itself, after some time.
  const { id } = await openTicket(driver);
  await until(async () => {
    const before = changedIds(socket).length;
    const seen = timesReceived(follower, id);
    await post(driver, id, 'More');
    await until(() => timesReceived(follower, id) > seen, 'the admin to receive the id');
    return changedIds(socket).length === before;
  }, 'the former agent to receive no id');
  await admin.send('PATCH', '/api/v1/users/4', { role: 'agent' });
});
