/** One actor on a log in memory that the test can hold: rounds, refusals and conflicts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import type { Stream } from '../../../src/domain/event.ts';
import { agent, driver, otherDriver } from '../domain/people.ts';
import { assign, become, open, post } from '../domain/ticket-commands.ts';
import { context, foldTicket, newEvent, opened, posted, recordingLog, startActors } from './desk.ts';
import { MemoryLog } from './memory-log.ts';

const stream: Stream = 'ticket.t';
let log: MemoryLog;
let actors: ActorSystem;

beforeEach(() => {
  log = new MemoryLog();
  actors = startActors(log);
});
afterEach(() => actors.close());

function give(command: Parameters<typeof actors.execute<'ticket'>>[2], by = driver, ...more: [string?, object?]) {
  return actors.execute('ticket', 't', command, context(by, ...more));
}

describe('a round', () => {
  it('records one command and answers with its events, state and position', async () => {
    const outcome = await give(open());
    expect(outcome).toMatchObject({ version: 1, position: 1, duplicate: false });
    expect(outcome.events).toEqual(log.stream(stream));
    expect(outcome.state).toEqual(foldTicket(log.stream(stream)));
  });

  it('records all commands that waited during an append in one append', async () => {
    await give(open());
    const { release, reached } = log.holdNextAppend();
    const first = give(post('0'));
    await reached;
    const rest = Array.from({ length: 20 }, (_, n) => give(post(`${n + 1}`)));
    release();
    await Promise.all([first, ...rest]);
    expect(log.asked.append.map((append) => append.events.length)).toEqual([1, 1, 20]);
  });

  it('decides each command on the state after the commands before it', async () => {
    await give(open());
    const { release, reached } = log.holdNextAppend();
    const held = give(post('first'), agent);
    await reached;
    const closing = give(become('closed'), agent);
    const late = give(post('too late'), agent);
    release();
    await Promise.all([held, closing]);
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect(log.stream(stream).map((event) => event.type)).toEqual(['TicketOpened', 'MessagePosted', 'TicketChanged']);
  });

  it('answers each command with the state as of its own events', async () => {
    const all = await Promise.all([
      give(open()),
      give(become('pending'), agent),
      give(post('reopens')),
      give(post('b')),
    ]);
    for (const outcome of all) {
      expect(outcome.state).toEqual(foldTicket(log.stream(stream).slice(0, outcome.version)));
    }
    expect(all.map((outcome) => outcome.events.length)).toEqual([1, 1, 2, 1]);
    expect(all.map((outcome) => outcome.version)).toEqual([1, 2, 4, 5]);
  });

  it('holds the state of the recorded events, not the provisional one', async () => {
    await Promise.all([give(open()), give(post('a')), give(post('b'))]);
    expect((await actors.read('ticket', 't')).state).toEqual(foldTicket(log.stream(stream)));
  });

  it('records actor, command and address', async () => {
    await give(open(), driver, 'c', { correlationId: 'r', address: '::1', traceparent: '00-1' });
    expect(log.stream(stream)[0]?.metadata).toEqual({
      commandId: 'c',
      actor: { id: '1', name: 'john_driver', role: 'driver' },
      correlationId: 'r',
      address: '::1',
      traceparent: '00-1',
    });
  });

  it('fails only the command whose decision throws', async () => {
    await give(open());
    const { logged, log: logger } = recordingLog();
    actors = startActors({ ...log, log: logger });
    const broken = { type: 'ChangeTicket', tags: 7 } as never;
    const [bad, good] = await Promise.allSettled([give(broken, agent), give(post('fine'))]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(good.status).toBe('fulfilled');
    expect(logged.errors).toHaveLength(1);
  });

  it('waits for facts before a decision, and fails only the commands whose facts cannot be read', async () => {
    let attempts = 0;
    actors = startActors({
      ...log,
      contextOf: {
        ticket: () =>
          ++attempts === 2
            ? Promise.reject(new Error('no database'))
            : Promise.resolve({ relations: { vendorIds: [] } }),
      },
    });
    await give(open());
    const [bad, good] = await Promise.allSettled([give(post('a')), give(post('b'))]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    expect(good.status).toBe('fulfilled');
  });
});

describe('a refusal', () => {
  it('is given after the log confirmed that the state is current and the command unknown', async () => {
    await give(open());
    await expect(give(post('not mine'), otherDriver)).rejects.toMatchObject({ code: 'not_found' });
    expect(log.asked.readVersions).toEqual([[stream]]);
    expect(log.asked.readCommands).toHaveLength(1);
  });

  it('is not given on a stale state', async () => {
    await give(open());
    await give(become('closed'), agent);
    // Another process with an earlier version of the rules allowed it.
    log.record(
      stream,
      newEvent({ type: 'TicketChanged', data: { changes: { status: { from: 'closed', to: 'open' } } } }),
    );
    await expect(give(post('open again'))).resolves.toMatchObject({ version: 4 });
  });

  it('of many in one round costs one read of the version and one of the commands', async () => {
    await give(open());
    const refused = Array.from({ length: 50 }, () => give(post('not mine'), otherDriver));
    await Promise.allSettled(refused);
    // The first is a round of its own; the others wait for it together.
    expect(log.asked.readVersions.length).toBeLessThanOrEqual(2);
    expect(log.asked.readCommands.length).toBeLessThanOrEqual(2);
  });

  it('needs no read of the version when the round recorded something', async () => {
    await give(open());
    const { release, reached } = log.holdNextAppend();
    const held = give(post('a'));
    await reached;
    const mixed = [give(post('b')), give(post('not mine'), otherDriver)];
    release();
    await Promise.allSettled([held, ...mixed]);
    expect(log.asked.readVersions).toEqual([]);
  });

  it('is not given to a retry of a command that any process recorded', async () => {
    log.record(stream, newEvent(opened()), newEvent(posted('before it was closed'), 'c', driver));
    await give(become('closed'), agent);
    const retried = await give(post('before it was closed'), driver, 'c');
    expect(retried).toMatchObject({ duplicate: true, version: 3 });
    expect(retried.events).toEqual([log.stream(stream)[1]]);
  });

  it('for lack of access takes precedence over one for the version', async () => {
    await give(open());
    await expect(give(post('x'), otherDriver, undefined, { ifRevision: 9 })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(give(post('x'), driver, undefined, { ifRevision: 9 })).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    await expect(give(post('x'), driver, undefined, { ifRevision: 1 })).resolves.toMatchObject({ version: 2 });
  });

  it('is given to one of two commands that expect the same version', async () => {
    await give(open());
    const both = await Promise.allSettled([
      give(post('a'), driver, undefined, { ifRevision: 1 }),
      give(post('b'), driver, undefined, { ifRevision: 1 }),
    ]);
    expect(both.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('nothing to change', () => {
  it('is answered with no events and the unchanged state', async () => {
    await give(open());
    const outcome = await give(assign(null), agent);
    expect(outcome).toMatchObject({ events: [], version: 1, position: 0, duplicate: false });
    expect(outcome.state).toEqual(foldTicket(log.stream(stream)));
  });

  it('is not answered on a stale state', async () => {
    await give(open());
    const changes = { assignee: { from: null, to: { id: agent.id, name: agent.name } } };
    log.record(stream, newEvent({ type: 'TicketChanged', data: { changes } }));
    await expect(give(assign(null), agent)).resolves.toMatchObject({ version: 3 });
  });
});

describe('a conflict', () => {
  it('is decided again on the events of the other writer', async () => {
    await give(open());
    log.record(stream, newEvent(posted('from elsewhere'), undefined, agent));
    const outcome = await give(post('and from here'));
    expect(outcome.version).toBe(3);
    expect(outcome.state).toEqual(foldTicket(log.stream(stream)));
  });

  it('that never ends is refused as unavailable', async () => {
    await give(open());
    log.beforeAppend = () => log.record(stream, newEvent(posted('faster'), undefined, agent));
    await expect(give(post('never')), 'tries').rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    log.beforeAppend = () => undefined;
    await expect(give(post('now'))).resolves.toBeDefined();
  });

  it('with a history that became shorter starts from that history', async () => {
    await Promise.all([give(open()), give(post('a')), give(post('b'))]);
    log.events.length = 1;
    await expect(give(post('c'))).resolves.toMatchObject({ version: 2 });
  });
});
