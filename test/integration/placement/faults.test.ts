/** Nodes that die, hang, or are disconnected: no command fails, and none is recorded twice. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commandsOf } from '../../../src/actors/placement/forwarding.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';
import { type ControlledNats, createDatabase, startNats, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { context } from '../../unit/actors/desk.ts';
import { admin, driver } from '../../unit/domain/people.ts';
import { become, open, post } from '../../unit/domain/ticket-commands.ts';
import { startNode, type TestNode } from './node.ts';
import { launchNode, type NodeProcess } from './node-process.ts';

let database: TestDatabase;
let nats: ControlledNats;
let here: TestNode;
beforeEach(async () => {
  [database, nats] = await Promise.all([createDatabase(), startNats({ controlled: true })]);
  here = await start();
});
afterEach(async () => {
  await here[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Milliseconds that a node waits for the answer of another node. */
const PATIENCE = 4_000;
const start = () => startNode({ databaseUrl: database.url, natsUrl: nats.url, patience: PATIENCE });

async function launch(): Promise<NodeProcess> {
  const node = await launchNode({ databaseUrl: database.url, natsUrl: nats.url, id: randomUUID() });
  await until(() => here.view.nodes.includes(node.id), 'the node to be in the view');
  await until(async () => (await node.nodes()).includes(here.id), 'the node to have this one in its view');
  return node;
}

function ticketOf(owner: NodeProcess | TestNode): string {
  for (;;) {
    const id = randomUUID();
    if ((here.view.ownerOf(`ticket.${id}`) ?? here.id) === owner.id) return id;
  }
}

const openTicket = (id: string) => here.actors.record('ticket', id, open(), context(driver));
const eventsOf = async (id: string) => (await here.actors.read('ticket', id)).version;

async function kill(node: NodeProcess): Promise<void> {
  node.signal('SIGKILL');
  await node.exited;
  const gone = () =>
    here.broker.requests.ask(commandsOf(node.id), {}, 1_000).catch(({ reason }) => reason === 'nobody');
  await until(gone, 'nats-server to notice that its connection has ended');
}

/** Milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

it('runs commands without a killed node, from the first command on', async () => {
  await using owner = await launch();
  const patience = 60_000;
  await using patient = await startNode({ databaseUrl: database.url, natsUrl: nats.url, patience });
  await until(
    () => here.view.nodes.length === 3 && patient.view.nodes.length === 3,
    'all to have each other in their views',
  );
  const ids = Array.from({ length: 20 }, () => ticketOf(owner));
  await Promise.all(ids.map(openTicket));
  expect([...here.ran, ...patient.ran]).toEqual([]);
  await kill(owner);
  const took = await timed(() =>
    Promise.all(ids.map((id) => patient.actors.record('ticket', id, post(), context(driver)))),
  );
  expect(took).toBeLessThan(patience);
  expect(await Promise.all(ids.map(eventsOf))).toEqual(ids.map(() => 2));
  expect(patient.view.nodes).not.toContain(owner.id);
});

it('runs commands without a node that hangs, which later declines the commands that others have run', async () => {
  await using owner = await launch();
  const [first, second] = [ticketOf(owner), ticketOf(owner)];
  await Promise.all([openTicket(first), openTicket(second)]);
  owner.signal('SIGSTOP');
  // The first has nothing to change, so it leaves no trace in the log.
  const took = await timed(() =>
    Promise.all([
      here.actors.record('ticket', first, become('open'), context(admin)),
      here.actors.record('ticket', second, post(), context(driver)),
    ]),
  );
  // Both waited for the time-out at the same time, not one after the other.
  expect(took).toBeLessThan(2 * PATIENCE);
  expect(here.view.nodes).toEqual([here.id]);
  await here.actors.record('ticket', first, become('pending'), context(admin));

  owner.signal('SIGCONT');
  await until(() => here.view.nodes.includes(owner.id), 'the node to be back');
  const after = context(driver);
  await here.actors.record('ticket', second, post('after'), after);
  expect(await owner.ran()).toContain(after.commandId);
  expect((await here.actors.read('ticket', first)).state.status).toBe('pending');
  expect([await eventsOf(first), await eventsOf(second)]).toEqual([2, 3]);
});

it('asks the next node when the owner is gone, and waits only once if several hang', async () => {
  await using one = await launch();
  await using other = await launch();
  await using third = await launch();
  const ticket = ticketOf(one);
  await openTicket(ticket);
  await kill(one);
  await here.actors.record('ticket', ticket, post(), context(driver));
  const next = here.view.ownerOf(`ticket.${ticket}`) ?? here.id;
  const runners = new Map([
    [here.id, here.ran.length],
    [other.id, (await other.ran()).length],
    [third.id, (await third.ran()).length],
  ]);
  expect(runners.get(next)).toBe(1);

  const theirs = ticketOf(other);
  for (const node of [other, third]) node.signal('SIGSTOP');
  const took = await timed(() => openTicket(theirs));
  expect(took).toBeGreaterThan(0.9 * PATIENCE);
  expect(took).toBeLessThan(1.5 * PATIENCE);
  expect(await eventsOf(theirs)).toBe(1);
});

it('decides a command whose owner cannot reach the log', async () => {
  await using cutOff = await startNode({
    ...{ databaseUrl: database.url, natsUrl: nats.url, id: 'cut off', patience: PATIENCE },
    execute: () => Promise.reject(new DeskwireError('unavailable', 'gone', { cause: new Error('no connection') })),
  });
  await until(() => here.view.nodes.length === 2, 'the node to be in the view');
  const theirs = ticketOf(cutOff);
  expect((await openTicket(theirs)).position).toBeGreaterThan(0);
  expect(cutOff.ran).toHaveLength(1);
});

it('records a command once that is repeated, also at another node, while its node is killed', async () => {
  await using owner = await launch();
  await using other = await launch();
  const id = ticketOf(owner);
  await openTicket(id);
  const commands = Array.from({ length: 50 }, () => context(driver));
  const given = commands.map((command) => here.actors.record('ticket', id, post(), command));
  owner.signal('SIGKILL');
  const repeated = commands.map((command) => other.record('ticket', id, post(), command));
  const outcomes = await Promise.all(given);
  const again = await Promise.all(repeated);
  expect(again.map(({ position }) => position)).toEqual(outcomes.map(({ position }) => position));
  expect(await eventsOf(id)).toBe(51);
});

it('runs all commands itself without the broker, and finds the other nodes again with it', async () => {
  await using other = await start();
  await until(() => here.view.nodes.length === 2 && other.view.nodes.length === 2, 'the nodes to find each other');
  const id = ticketOf(other);
  await openTicket(id);
  await nats.kill();
  await until(() => !here.broker.connected && !other.broker.connected, 'the connections to be lost');
  const commands = [context(driver), context(driver)];
  await Promise.all(commands.map((command) => here.actors.record('ticket', id, post(), command)));
  await other.actors.record('ticket', id, post(), context(driver));
  expect(await eventsOf(id)).toBe(4);
  await nats.start();
  await until(
    () => here.view.nodes.length === 2 && other.view.nodes.length === 2,
    'the nodes to find each other again',
  );
});

it('keeps the other nodes in its view after it hung itself', async () => {
  await using other = await launch();
  other.signal('SIGSTOP');
  await until(() => !here.view.nodes.includes(other.id), 'the node to be removed');
  other.signal('SIGCONT');
  expect(await other.nodes()).toContain(here.id);
});
