/** Test that a member that loses access is removed before the next event is sent, for each cause of the loss. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TicketCommand } from '../../../src/domain/ticket/commands.ts';
import type { UserCommand } from '../../../src/domain/user/decider.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { until } from '../../support/until.ts';
import { type Client, type Listener, type Node, openTicket, post, signIn, startNode, startServices } from './rig.ts';

let services: Awaited<ReturnType<typeof startServices>>;
let node: Node;
/** The node that runs the commands. The events that end access reach `node` over NATS alone. */
let other: Node;
let driver: Client;
let admin: Client;

beforeAll(async () => {
  services = await startServices();
  node = await startNode(services);
  other = await startNode(services);
  driver = await signIn(node.url, 'driver');
  admin = await signIn(node.url, 'admin');
});

afterAll(async () => {
  await other?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
});

const ADMIN: UserFacts = { id: '2', name: 'admin', role: 'admin', active: true };
let made = 0;
function newName(kind: string): string {
  made += 1;
  return `${kind}-${made}`;
}
const context = () => ({ commandId: newName('command'), correlationId: 'test', by: ADMIN });
const change = (ticketId: string, command: TicketCommand) =>
  other.actors.execute('ticket', ticketId, command, context());
const changeUser = (userId: string, command: UserCommand) => other.actors.execute('user', userId, command, context());

async function join(client: Client, ticketId: string): Promise<Listener> {
  const socket = client.connect();
  const joined = await socket.ask('join_ticket', { ticketId });
  expect(joined).toMatchObject({ success: true });
  return socket;
}

/**
 * Posts a message, waits until a member has received it, and expects that `socket` has not: the message goes to all
 * members of a node in the same tick.
 */
async function receivesNothingMore(socket: Listener, ticketId: string): Promise<void> {
  using member = await join(admin, ticketId);
  const heard = socket.heard.length;
  const { version } = await change(ticketId, {
    type: 'PostMessage',
    messageId: newName('secret'),
    message: 'not for you',
    messageType: 'TEXT',
    attachments: [],
    internal: false,
  });
  await member.first('new_message', (message) => message.version === version);
  expect(socket.heard.slice(heard).filter(({ name }) => name !== 'ticket_unread')).toEqual([]);
  if (socket.socket.connected) {
    expect(await socket.ask('join_ticket', { ticketId })).toMatchObject({ error: { type: 'not_found' } });
    expect(await socket.ask('join_ticket', { ticketId, after: 1 })).toMatchObject({ error: { type: 'not_found' } });
  }
}

it('a removed participant receives left_ticket and no later event', async () => {
  const ticket = await openTicket(admin);
  const user: UserFacts = { id: '8', name: 'driver2', role: 'driver', active: true };
  const { version: added } = await change(ticket.id, { type: 'AddParticipant', user });
  const driver2 = await signIn(node.url, 'driver2');
  using socket = await join(driver2, ticket.id);
  await change(ticket.id, { type: 'RemoveParticipant', userId: '8' });
  expect(await socket.first('left_ticket')).toMatchObject({ ticketId: ticket.id });
  expect(socket.all('new_message').filter(({ version }) => version > added)).toEqual([]);
  await receivesNothingMore(socket, ticket.id);
});

it('accounts lose access to a ticket whose category is no longer payment', async () => {
  const ticket = await openTicket(driver, { category: 'payment' });
  using socket = await join(await signIn(node.url, 'accounts'), ticket.id);
  await change(ticket.id, { type: 'ChangeTicket', category: 'technical' });
  await socket.first('left_ticket');
  await receivesNothingMore(socket, ticket.id);
});

it('everyone loses access to a deleted ticket', async () => {
  const ticket = await openTicket(driver);
  using socket = await join(driver, ticket.id);
  await change(ticket.id, { type: 'DeleteTicket' });
  await socket.first('left_ticket');
  expect(await socket.ask('join_ticket', { ticketId: ticket.id })).toMatchObject({ error: { type: 'not_found' } });
});

it('an agent who becomes a driver loses access to tickets of others, and to internal notes in their own', async () => {
  const agent = await signIn(node.url, 'agent');
  const foreign = await openTicket(driver);
  const own = await openTicket(agent);
  using there = await join(agent, foreign.id);
  using here = await join(agent, own.id);
  await post(admin, own.id, 'note before', true);
  await here.first('new_message', ({ message }) => message.message === 'note before');
  await changeUser('4', { type: 'ChangeUser', role: 'driver' });
  await there.first('left_ticket');
  await receivesNothingMore(there, foreign.id);
  await post(admin, own.id, 'note after', true);
  const last = await post(admin, own.id, 'still public');
  // The versions of a driver leave out both notes.
  await here.first('new_message', ({ message, version }) => message.message === 'still public' && version === last - 2);
  expect(here.all('new_message').map(({ message }) => message.message)).toEqual(['note before', 'still public']);
  await changeUser('4', { type: 'ChangeUser', role: 'agent' });
  await until(async () => {
    await post(admin, own.id, 'note again', true);
    return here.all('new_message').some(({ message }) => message.message === 'note again');
  }, 'internal notes to arrive again');
});

it('the sockets of a deactivated user are disconnected at once, in every namespace', async () => {
  const vendor = await signIn(node.url, 'vendor');
  using chat = vendor.connect();
  using inbox = vendor.connect('/notifications');
  await Promise.all([chat.first('connected'), inbox.first('connected')]);
  await changeUser('5', { type: 'ChangeUser', active: false });
  for (const socket of [chat, inbox]) {
    await until(() => !socket.socket.connected, 'the disconnection');
    expect(socket.all('error')).toEqual([{ type: 'unauthorized', message: 'Authentication required' }]);
  }
  using again = vendor.connect();
  await again.first('error');
  expect(again.all('connected')).toEqual([]);
  await changeUser('5', { type: 'ChangeUser', active: true });
});

it('a vendor loses access to a ticket when its GRN is given to another vendor', async () => {
  const vendor = await until(() => signIn(node.url, 'vendor'), 'the vendor to sign in');
  const { id } = await openTicketAbout('grn-1');
  using socket = vendor.connect();
  await until(async () => (await socket.ask('join_ticket', { ticketId: id })).success, 'the vendor to join');
  const reference = { type: 'grn', id: 'grn-1', vendorId: 'vendor-2', verifiedBy: '6' } as const;
  await other.actors.execute('reference', 'grn-grn-1', { type: 'SetReference', reference }, context());
  await socket.first('left_ticket');
  await receivesNothingMore(socket, id);
});

async function openTicketAbout(grnId: string): Promise<{ id: string }> {
  const id = newName('ticket');
  await change(id, {
    type: 'OpenTicket',
    number: 1_000_000,
    requester: { id: '1', name: 'john_driver' },
    description: 'Damaged',
    category: 'general',
    priority: 'low',
    grnId,
    tags: [],
  });
  return { id };
}
