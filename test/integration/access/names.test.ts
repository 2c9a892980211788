/**
 * People who were renamed: what they did before is shown under the name that they have now, in every answer, history,
 * replay and live event, on a node that knew them and on one that did not. The audit timeline keeps the old name.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Client,
  type Listener,
  type Node,
  openTicket,
  post,
  type Services,
  signIn,
  startNode,
  startServices,
} from '../gateway/rig.ts';

let services: Services & AsyncDisposable;
const nodes: Node[] = [];
const NAMES = { driver: 'Jane Renamed', agent: 'Agent Renamed' };
const OLD = { driver: 'john_driver', agent: 'agent' };
let ticket: { id: string; number: number };

beforeAll(async () => {
  services = await startServices();
  const node = await startNode(services);
  nodes.push(node);
  const [driver, agent, admin] = await people(node);
  OLD.driver = (await driver.send('GET', '/api/v1/users/1')).body.name;
  OLD.agent = (await agent.send('GET', '/api/v1/users/4')).body.name;
  ticket = await openTicket(driver);
  await post(driver, ticket.id, 'before');
  await post(agent, ticket.id, 'an answer');
  await agent.send('PATCH', `/api/v1/tickets/${ticket.id}`, { status: 'pending' });
  await rename(admin, '1', NAMES.driver);
  await rename(admin, '4', NAMES.agent);
  // The first read of this node is the one that loads the names.
  nodes.push(await startNode(services));
}, 120_000);

afterAll(async () => {
  for (const node of nodes) await node[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const people = (node: Node) =>
  Promise.all([signIn(node.url, 'driver'), signIn(node.url, 'agent'), signIn(node.url, 'admin')]);

async function rename(admin: Client, id: string, name: string): Promise<void> {
  expect((await admin.send('PATCH', `/api/v1/users/${id}`, { name })).status).toBe(200);
}

const nameOf = (userId: string) => (userId === '1' ? NAMES.driver : NAMES.agent);

function expectPresentNames(messages: readonly { senderId: string; sender: { name: string } }[], count: number): void {
  expect(messages.length).toBeGreaterThanOrEqual(count);
  for (const { senderId, sender } of messages) expect(sender.name).toBe(nameOf(senderId));
}

const eachNode = (title: string, test: (node: Node) => Promise<void>) => {
  it(`${title}, on the node that recorded it`, () => test(nodes[0] as Node), 60_000);
  it(`${title}, on a node that started since`, () => test(nodes[1] as Node), 60_000);
};

eachNode('replays of sockets show present names', async (node) => {
  // The admin is first: nothing has loaded the names of the others yet.
  for (const who of ['admin', 'driver', 'agent']) {
    const client = await signIn(node.url, who);
    using stream = client.connect('/');
    const { events } = await stream.ask('subscribe', { stream: `ticket:${ticket.id}` });
    const ofType = (type: string) => events.filter((event: { type: string }) => event.type === type);
    expect(ofType('TicketOpened')[0].data.requesterName).toBe(NAMES.driver);
    const said = [...ofType('MessagePosted'), ...ofType('TicketChanged')];
    expectPresentNames(
      said.map(({ data }) => data.message),
      3,
    );

    using chat = client.connect('/');
    await chat.ask('join_ticket', { ticketId: ticket.id, after: 0 });
    expectPresentNames(
      chat.all('new_message').map(({ message }) => message),
      3,
    );
    await chat.ask('join_ticket', { ticketId: ticket.id });
    expectPresentNames((await chat.first('messages_history')).messages, 3);
    await chat.ask('load_history', { ticketId: ticket.id });
    expectPresentNames(chat.all('messages_history')[1].messages, 3);

    using support = client.connect('/support');
    await support.ask('join-ticket', { ticketId: ticket.id, after: 0 });
    expectPresentNames(support.all('message:new'), 3);
  }
});

eachNode('answers over HTTP show present names', async (node) => {
  const [driver, agent] = await people(node);
  for (const client of [driver, agent]) {
    const get = async (path: string) => (await client.send('GET', path)).body;
    expectPresentNames((await get(`/api/tickets/${ticket.id}/chat`)).messages, 3);
    expectPresentNames((await get(`/api/v1/tickets/${ticket.id}/messages?after=1`)).messages, 3);
    expect(await get(`/api/v1/tickets/${ticket.id}`)).toMatchObject({ requesterName: NAMES.driver });
    expect(await get(`/api/v1/tickets/${ticket.number}`)).toMatchObject({ requesterName: NAMES.driver });
    expect((await get('/api/v1/tickets')).items[0]).toMatchObject({ requesterName: NAMES.driver });
    expect((await get('/api/v1/tickets?q=jane')).items).toHaveLength(1);
    expect((await get(`/api/v1/tickets?q=${OLD.driver}`)).items).toHaveLength(0);
    expect(await get(`/api/v1/support/${ticket.number}`)).toMatchObject({ username: NAMES.driver });
    expect((await get('/api/v1/support')).items[0]).toMatchObject({ username: NAMES.driver });
    for (const { userId, name } of (await get(`/api/tickets/${ticket.id}/chat/participants`)).participants) {
      expect(name).toBe(nameOf(userId));
    }
  }
  const change = { priority: node === nodes[0] ? 'high' : 'low' };
  const changed = await agent.send('PATCH', `/api/v1/tickets/${ticket.id}`, change);
  expect(changed.body).toMatchObject({ requesterName: NAMES.driver });
  const assigned = await agent.send('PUT', `/api/v1/tickets/${ticket.id}/assignee`, { userId: '4' });
  expect(assigned.body).toMatchObject({ requesterName: NAMES.driver });
  const patched = await agent.send('PATCH', `/api/v1/support/${ticket.number}`, { priority: 'medium' });
  expect(patched.body).toMatchObject({ username: NAMES.driver });
  const timeline = await agent.send('GET', `/api/v1/tickets/${ticket.id}/events`);
  expect(JSON.stringify(timeline.body)).toContain(OLD.driver);
});

it('a renamed user is shown at once in what is live, and in the repetition of an old message', async () => {
  const [node] = nodes as [Node];
  const [driver, agent, admin] = await people(node);
  const sockets: Listener[] = [agent.connect('/'), agent.connect('/support'), driver.connect('/notifications')];
  const [chat, support, notifications] = sockets as [Listener, Listener, Listener];
  await Promise.all(sockets.map((socket) => socket.first('connected')));
  await chat.ask('join_ticket', { ticketId: ticket.id });
  const message = { message: 'kept', clientMessageId: 'kept-1' };
  await driver.send('POST', `/api/tickets/${ticket.id}/chat`, message);
  await rename(admin, '1', 'Jane Again');
  const repeated = await driver.send('POST', `/api/tickets/${ticket.id}/chat`, message);
  expect(repeated.body.sender.name).toBe('Jane Again');
  await post(driver, ticket.id, 'after');
  const isNew = ({ message: said }: { message: { message: string } }) => said.message === 'after';
  expect((await chat.first('new_message', isNew)).message.sender.name).toBe('Jane Again');
  expect((await support.first('support:new-message', isNew)).message.sender.name).toBe('Jane Again');
  await agent.send('PATCH', `/api/v1/tickets/${ticket.id}`, { priority: 'urgent' });
  const updated = await notifications.first('support:ticket:updated', ({ data }) => data.priority === 'urgent');
  expect(updated.data.username).toBe('Jane Again');
  await rename(admin, '1', NAMES.driver);
  for (const socket of sockets) socket[Symbol.dispose]();
}, 60_000);
