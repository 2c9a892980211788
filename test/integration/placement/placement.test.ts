/** Commands between the nodes of a cluster, over a real broker and on a real log. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import { commandsOf } from '../../../src/actors/placement/forwarding.ts';
import { createPlacedActorSystem } from '../../../src/actors/placement/placed-actor-system.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';
import { createDatabase, startNats, type TestDatabase, type TestNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { context } from '../../unit/actors/desk.ts';
import { admin, driver, otherDriver } from '../../unit/domain/people.ts';
import { become, open, post } from '../../unit/domain/ticket-commands.ts';
import { startNode, type TestNode, type TestNodeOptions } from './node.ts';

let database: TestDatabase;
let nats: TestNats;
let nodes: TestNode[];
beforeAll(async () => {
  [database, nats] = await Promise.all([createDatabase(), startNats()]);
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});
beforeEach(() => {
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) await node[Symbol.asyncDispose]();
});

type Options = Partial<TestNodeOptions>;

async function start(options: Options = {}): Promise<TestNode> {
  const node = await startNode({ databaseUrl: database.url, natsUrl: nats.url, ...options });
  nodes.push(node);
  return node;
}

/** Starts nodes; resolves when all have each other in their views and can be reached. */
async function cluster<T extends readonly Options[]>(...options: T): Promise<{ [K in keyof T]: TestNode }> {
  const started: TestNode[] = [];
  for (const one of options) started.push(await start(one));
  await converged(started);
  return started as { [K in keyof T]: TestNode };
}

const converged = (among: readonly TestNode[]) =>
  until(
    () =>
      among.every(({ view }) => among.every(({ id }) => view.nodes.includes(id)) && view.nodes.length === among.length),
    'the nodes to have the same view',
  );

/** A new ticket id that `owner` owns in the view of `seenBy`. */
function ticketOf(owner: TestNode, seenBy: TestNode): string {
  for (;;) {
    const id = randomUUID();
    if (seenBy.view.ownerOf(`ticket.${id}`) === owner.id) return id;
  }
}

const ownersOf = ({ id, view }: TestNode) =>
  Array.from({ length: 200 }, (_, index) => view.ownerOf(`ticket.${index}`) ?? id);

describe('the view of the nodes', () => {
  it('becomes the same on all nodes, with the same owner for every stream', async () => {
    const [first, second, third] = await cluster({}, {}, {});
    expect(ownersOf(second)).toEqual(ownersOf(first));
    expect(ownersOf(third)).toEqual(ownersOf(first));
    expect(new Set(ownersOf(first)).size).toBe(3);
  });

  it('loses a node as soon as it leaves, and gets a new one as soon as it can be reached', async () => {
    const [first, second, third] = await cluster({}, {}, {});
    third.actors.leave();
    await until(
      () => !first.view.nodes.includes(third.id) && !second.view.nodes.includes(third.id),
      'the third to leave',
    );
    // A node that leaves sends its own commands to the others.
    expect(ownersOf(third)).not.toContain(third.id);
    const fourth = await start();
    await converged([first, second, fourth]);
  });

  it('has only nodes with the same code', async () => {
    const [first, second] = await cluster({}, {});
    const newer = await start({ code: 'newer code' });
    const newest = await start({ code: 'newer code' });
    await converged([newer, newest]);
    expect(first.view.nodes).toEqual([first.id, second.id].sort());
  });
});

describe('a command', () => {
  it('runs on the node that owns its stream, with the same answer as a local run', async () => {
    const [here, owner] = await cluster({}, {});
    const id = ticketOf(owner, here);
    const opened = await here.actors.execute('ticket', id, open(), context(driver));
    const again = context(driver);
    const posted = await here.actors.execute('ticket', id, post(), again);
    const repeated = await owner.actors.execute('ticket', id, post(), again);
    expect(here.ran).toEqual([]);
    expect(owner.ran).toHaveLength(3);
    expect(opened).toMatchObject({ version: 1, duplicate: false, state: { exists: true, id } });
    expect({ ...posted, duplicate: true }).toEqual(repeated);
    expect(here.actors.lastPosition).toBe(posted.position);
  });

  it('is answered without the state if the state was not requested', async () => {
    const [here, owner] = await cluster({}, {});
    const recorded = await here.actors.record('ticket', ticketOf(owner, here), open(), context(driver));
    expect(recorded).toMatchObject({ version: 1, events: [{ type: 'TicketOpened' }] });
    expect(recorded).not.toHaveProperty('state');
  });

  it('is visible at once to a read on any node', async () => {
    const [here, owner] = await cluster({}, {});
    const id = ticketOf(owner, here);
    await here.actors.execute('ticket', id, open(), context(driver));
    for (const status of ['pending', 'in_progress'] as const) {
      expect((await here.actors.read('ticket', id)).state.status).not.toBe(status);
      await here.actors.execute('ticket', id, become(status), context(admin));
      expect((await here.actors.read('ticket', id)).state.status).toBe(status);
    }
  });

  it('is recorded once when it is given to all nodes at the same time, and again', async () => {
    const all = await cluster({}, {}, {});
    const id = randomUUID();
    await all[0].actors.execute('ticket', id, open(), context(driver));
    const same = context(driver);
    const give = () => Promise.all(all.map(({ actors }) => actors.execute('ticket', id, post(), same)));
    const outcomes = [...(await give()), ...(await give())];
    expect(new Set(outcomes.map(({ position }) => position)).size).toBe(1);
    expect(outcomes.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  it('runs where it was given if the owner has other code or receives it too late', async () => {
    const [here, owner] = await cluster({}, {});
    const question = { from: here.id, sentAt: Date.now(), code: 'this code', kind: 'ticket', withState: true };
    const ask = (more: object) =>
      here.broker.requests.ask(commandsOf(owner.id), { ...question, id: '1', command: open(), ...more }, 1_000);
    expect(await ask({ code: 'older code' })).toEqual({ declined: 'code' });
    expect(await ask({ sentAt: Date.now() - 1_900 })).toEqual({ declined: 'late' });
    expect(await ask({ from: 'a stranger' })).toEqual({ declined: 'late' });
    expect(owner.ran).toEqual([]);

    // As in a view that is not updated yet: the owner runs other code now.
    const deployed = await start({ id: 'deployed', code: 'newer code' });
    const outdated = { ...here.view, ownerOf: () => deployed.id };
    const actors = createPlacedActorSystem({
      local: here.local,
      view: outdated,
      code: 'this code',
      requests: here.broker.requests,
      now: Date.now,
      log: { warn: () => {}, error: () => {} },
    });
    const outcome = await actors.execute('ticket', randomUUID(), open(), context(driver));
    expect(outcome.state.exists).toBe(true);
    expect(deployed.ran).toEqual([]);
    expect(here.ran).toHaveLength(1);
  });

  it('is forwarded between nodes whose clocks are an hour apart', async () => {
    const [here, owner] = await cluster({}, { clockError: 3_600_000 });
    await here.actors.execute('ticket', ticketOf(owner, here), open(), context(driver));
    await owner.actors.execute('ticket', ticketOf(here, owner), open(), context(driver));
    expect([here.ran.length, owner.ran.length]).toEqual([1, 1]);
  });

  it('finds its answer in the log if the answer is too large to be sent', async () => {
    const [here, owner] = await cluster({}, {});
    const id = ticketOf(owner, here);
    await here.actors.execute('ticket', id, open(), context(driver));
    const grown = { tags: Array.from({ length: 40 }, (_, index) => `${index}${'x'.repeat(30_000)}`) };
    const outcome = await owner.actors.execute('ticket', id, { type: 'ChangeTicket', ...grown }, context(admin));
    expect(JSON.stringify(outcome.state).length).toBeGreaterThan(1_048_576);
    const posted = await here.actors.execute('ticket', id, post(), context(driver));
    expect(posted).toMatchObject({ version: 3, duplicate: true, state: { tags: grown.tags } });
  });
});

describe('a refusal', () => {
  it.each([
    new DeskwireError('forbidden', 'Not for you'),
    new DeskwireError('not_found', 'Ticket not found', { field: 'ticketId' }),
    new DeskwireError('conflict', 'Es ist geschlossen – "zu"', { field: 'status' }),
    new DeskwireError('rate_limited', 'Too many', { retryAfter: 7 }),
    new DeskwireError('unavailable', 'Not now', { retryAfter: 2, field: 'data.0' }),
  ])('of the owner is that of the command: $code', async (refusal) => {
    const [here, owner] = await cluster({}, { execute: () => Promise.reject(refusal) });
    const given = here.actors.execute('ticket', ticketOf(owner, here), open(), context(driver));
    const error = await given.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeskwireError);
    const { code, message, field, retryAfter } = error as DeskwireError;
    const { code: was, message: said, field: named, retryAfter: after } = refusal;
    expect({ code, message, field, retryAfter }).toEqual({ code: was, message: said, field: named, retryAfter: after });
    expect(here.ran).toEqual([]);
  });

  it('of the decider is the same on any node', async () => {
    const [here, owner] = await cluster({}, {});
    const id = ticketOf(owner, here);
    await here.actors.execute('ticket', id, open(), context(driver));
    await expect(here.actors.execute('ticket', id, post(), context(otherDriver))).rejects.toMatchObject({
      code: 'not_found',
    });
    const outdated = context(driver, undefined, { ifRevision: 9 });
    await expect(here.actors.record('ticket', id, post(), outdated)).rejects.toMatchObject({
      code: 'precondition_failed',
    });
  });
});

describe('a node that closes', () => {
  it('answers the commands that it took, and gets no more', async () => {
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const here = await start();
    const execute: ActorSystem['execute'] = async (...command) => {
      reached.resolve();
      await held.promise;
      return here.local.execute(...command);
    };
    const owner = await start({ execute });
    await converged([here, owner]);
    const taken = here.actors.execute('ticket', ticketOf(owner, here), open(), context(driver));
    await reached.promise;
    const closing = owner.actors.close();
    await until(() => !here.view.nodes.includes(owner.id), 'the owner to leave');
    await here.actors.execute('ticket', randomUUID(), open(), context(driver));
    held.resolve();
    expect((await taken).version).toBe(1);
    await closing;
  });
});
