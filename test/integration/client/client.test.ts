/** Tests the client library against a server: users act on tickets, inboxes and rooms, and the other users see it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Client,
  createClient,
  type Message,
  memoryStorage,
  type Notification,
  signIn,
} from '../../../src/client/index.ts';
import { PASSWORD, type Person } from '../../conformance/people.ts';
import { type StartedServer, startServer } from '../../conformance/server.ts';
import { until } from '../../support/until.ts';

let server: StartedServer;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  for (const client of clients) client.close();
  await server?.[Symbol.asyncDispose]();
});

async function clientOf(person: Person): Promise<Client> {
  const { token } = await signIn({ url: server.url, email: `${person}@example.com`, password: PASSWORD });
  const client = createClient({ url: server.url, token, storage: memoryStorage() });
  clients.push(client);
  return client;
}

it('shows each of two people what the other writes', async () => {
  const [driver, agent] = await Promise.all([clientOf('driver'), clientOf('agent')]);
  const opened = await driver.tickets.open({ description: 'The scanner is broken' });
  const [mine, theirs] = [driver.ticket(opened.id), agent.ticket(opened.id)];
  const received: Message[] = [];
  mine.on('message', (message) => received.push(message));
  await Promise.all([mine.ready(), theirs.ready()]);
  expect(driver.connection.state).toBe('live');
  await theirs.post('Which one?');
  await theirs.post({ message: 'Ask the depot', internal: true });
  await mine.post('The red one');
  await until(() => mine.state.messages.length === 2 && theirs.state.messages.length === 3, 'both to see all');
  expect(received.map(({ message }) => message)).toEqual(['Which one?', 'The red one']);
  expect(theirs.state.messages.map(({ message }) => message)).toEqual(['Which one?', 'Ask the depot', 'The red one']);
  await theirs.change({ status: 'resolved' });
  await until(() => mine.state.ticket?.status === 'resolved', 'the status to arrive');
  expect(mine.state.outgoing).toEqual([]);
});

it('reports who types, joins and leaves', async () => {
  const [driver, agent] = await Promise.all([clientOf('driver'), clientOf('agent')]);
  const { id } = await driver.tickets.open({ description: 'Typing' });
  const mine = driver.ticket(id);
  const present: string[] = [];
  mine.on('presence', ({ userId, present: here }) => present.push(`${userId} ${here ? 'came' : 'left'}`));
  await mine.ready();
  await until(() => mine.state.people.length > 0, 'the people');
  const theirs = agent.ticket(id);
  await theirs.ready();
  await until(() => present.includes('4 came'), 'the agent to come');
  theirs.typing();
  await until(() => mine.state.typing.some(({ userId }) => userId === '4'), 'the agent to type');
  await theirs.post('Here I am');
  await until(() => mine.state.typing.length === 0, 'the agent to have typed');
  theirs.close();
  await until(() => present.includes('4 left'), 'the agent to leave');
});

it('keeps an inbox the same on two devices', async () => {
  const [phone, desk, agent] = await Promise.all([clientOf('driver'), clientOf('driver'), clientOf('agent')]);
  const arrived: Notification[] = [];
  phone.inbox.on('notification', (one) => arrived.push(one));
  desk.inbox.follow();
  await Promise.all([phone.inbox.ready(), desk.inbox.ready()]);
  const { id } = await phone.tickets.open({ description: 'Two devices' });
  const before = phone.inbox.state.unread;
  await agent.tickets.post(id, 'Hello');
  await until(() => arrived.some(({ type }) => type === 'support_message_new'), 'the notification');
  await until(() => desk.inbox.state.unread === before + 1, 'the other device to count it');
  expect(desk.inbox.state.unseen).toBeGreaterThan(0);
  await phone.inbox.markSeen();
  await until(() => desk.inbox.state.unseen === 0, 'the other device to know that it was seen');
  expect(desk.inbox.state.unread).toBe(before + 1);
  await desk.inbox.markRead([desk.inbox.state.notifications[0]?.id ?? '']);
  await until(() => phone.inbox.state.unread === before, 'the first device to know that it was read');
  expect(phone.inbox.state.notifications[0]?.read).toBe(true);
  expect(arrived).toHaveLength(1);
});

it('reports changed tickets to users who see every ticket, and to others only when the change names them', async () => {
  const [driver, admin, stranger] = await Promise.all([clientOf('driver'), clientOf('admin'), clientOf('driver2')]);
  const changed: string[] = [];
  const own: string[] = [];
  const strange: string[] = [];
  let ready = false;
  driver.tickets.on('changed', ({ ticketIds }) => own.push(...ticketIds));
  stranger.tickets.on('changed', ({ ticketIds }) => strange.push(...ticketIds));
  admin.tickets.on('changed', ({ ticketIds, all }) => {
    changed.push(...ticketIds);
    ready ||= all;
  });
  await until(() => ready, 'the changes to be followed');
  const { id } = await driver.tickets.open({ description: 'News' });
  await until(() => changed.includes(id) && own.includes(id), 'the ticket to be announced');
  expect((await admin.tickets.list({ ids: [id] })).items).toMatchObject([{ id }]);
  await admin.tickets.post(id, { message: 'For staff only', internal: true });
  await until(() => changed.filter((one) => one === id).length > 1, 'the note to be announced to staff');
  expect(own).toEqual([id]);
  expect(strange).toEqual([]);
});

it('delivers messages posted in a room', async () => {
  const [driver, agent] = await Promise.all([clientOf('driver'), clientOf('agent')]);
  const [mine, theirs] = [driver.room('depot'), agent.room('depot')];
  await Promise.all([mine.ready(), theirs.ready()]);
  await mine.send({ text: 'anyone?' });
  await until(() => theirs.state.messages.length === 1 && mine.state.messages.length === 1, 'the message');
  expect(theirs.state.messages[0]?.message).toEqual({ text: 'anyone?' });
});

it('reports that a ticket of another user does not exist', async () => {
  const [driver, other] = await Promise.all([clientOf('driver'), clientOf('driver2')]);
  const { id } = await driver.tickets.open({ description: 'Mine' });
  await expect(other.ticket(id).ready()).rejects.toMatchObject({ code: 'not_found' });
  await expect(other.tickets.post(id, 'Let me in')).rejects.toMatchObject({ code: 'not_found' });
  expect(other.outbox.entries).toMatchObject([{ kind: 'post', failed: { code: 'not_found' } }]);
});
