/** Actors on the real log: bursts, two processes on one stream, restarts, snapshots. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActorSystem, CommandOutcome } from '../../../src/actors/actor-system.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { context, foldTicket } from '../../unit/actors/desk.ts';
import { agent, driver, otherDriver } from '../../unit/domain/people.ts';
import { become, open, post } from '../../unit/domain/ticket-commands.ts';
import { startProcess } from './process.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const openTicket = (actors: ActorSystem, id: string) => actors.execute('ticket', id, open(), context(driver));
const postIn = (actors: ActorSystem, id: string, commandId: string) =>
  actors.execute('ticket', id, post(commandId), context(driver, commandId));

/** Repeats a command until its outcome is known, as a client does. */
async function insist(actors: ActorSystem, id: string, commandId: string): Promise<CommandOutcome<'ticket'>> {
  for (;;) {
    try {
      return await postIn(actors, id, commandId);
    } catch (error) {
      if (!(error instanceof DeskwireError) || error.code !== 'unavailable') throw error;
    }
  }
}

it('records a thousand concurrent commands on one ticket once each, without gaps', async () => {
  await using process = startProcess(database.url);
  await openTicket(process.actors, 'burst');
  const ids = Array.from({ length: 1_000 }, (_, n) => `burst-${n}`);
  const outcomes = await Promise.all(ids.map((id) => postIn(process.actors, 'burst', id)));
  const events = await process.reader.readStream({ stream: 'ticket.burst', after: 0, limit: 2_000 });
  expect(events.map((event) => event.version)).toEqual(events.map((_, index) => index + 1));
  expect(events.slice(1).map((event) => event.metadata.commandId)).toEqual(ids);
  expect(outcomes.map((outcome) => outcome.version)).toEqual(ids.map((_, index) => index + 2));
  expect(outcomes.at(-1)?.state).toEqual(foldTicket(events));
  expect((await process.actors.read('ticket', 'burst')).state).toEqual(foldTicket(events));
});

it('records every command exactly once when two processes compete for one ticket', async () => {
  await using one = startProcess(database.url);
  await using two = startProcess(database.url);
  await openTicket(one.actors, 'fight');
  const ids = Array.from({ length: 300 }, (_, n) => `fight-${n}`);
  // Every third command is given to both, like a client that retries at another process.
  const outcomes = await Promise.all(
    ids.flatMap((id, n) => [
      ...(n % 3 !== 1 ? [insist(one.actors, 'fight', id)] : []),
      ...(n % 3 !== 2 ? [insist(two.actors, 'fight', id)] : []),
    ]),
  );
  const events = await one.reader.readStream({ stream: 'ticket.fight', after: 0, limit: 2_000 });
  expect(events.map((event) => event.version)).toEqual(events.map((_, index) => index + 1));
  expect(
    events
      .slice(1)
      .map((event) => event.metadata.commandId)
      .toSorted(),
  ).toEqual(ids.toSorted());
  for (const outcome of outcomes) {
    expect(outcome.events).toEqual([events[(outcome.events[0]?.version ?? 0) - 1]]);
    expect(outcome.state).toEqual(foldTicket(events.slice(0, outcome.version)));
  }
});

it('answers a command that is repeated after a restart with its first outcome, even if it would be refused now', async () => {
  let first: CommandOutcome<'ticket'>;
  {
    await using process = startProcess(database.url);
    await openTicket(process.actors, 'restart');
    first = await postIn(process.actors, 'restart', 'restart-1');
    await process.actors.execute('ticket', 'restart', become('closed'), context(agent));
  }
  await using process = startProcess(database.url);
  const again = await postIn(process.actors, 'restart', 'restart-1');
  expect(again).toMatchObject({ duplicate: true, version: 3, position: first.position });
  expect(again.events).toEqual(first.events);
  await expect(postIn(process.actors, 'restart', 'restart-2')).rejects.toMatchObject({ code: 'conflict' });
});

it('does not refuse a command on a state that another process has changed', async () => {
  await using one = startProcess(database.url);
  await using two = startProcess(database.url);
  await openTicket(one.actors, 'stale');
  await expect(two.actors.execute('ticket', 'stale', post('let me in'), context(otherDriver))).rejects.toMatchObject({
    code: 'not_found',
  });
  await one.actors.execute('ticket', 'stale', { type: 'AddParticipant', user: otherDriver }, context(agent));
  await expect(two.actors.execute('ticket', 'stale', post('thank you'), context(otherDriver))).resolves.toMatchObject({
    version: 3,
  });
});

it('activates from a snapshot and later events the same state as from the beginning', async () => {
  {
    await using process = startProcess(database.url, { snapshotEvery: 100 });
    await openTicket(process.actors, 'long');
    await Promise.all(Array.from({ length: 150 }, (_, n) => postIn(process.actors, 'long', `long-${n}`)));
    await until(async () => {
      const { rows } = await process.pool.query(`select version from deskwire.snapshots where stream = 'ticket.long'`);
      return Number(rows[0]?.version) > 100;
    }, 'the snapshot');
    await postIn(process.actors, 'long', 'after the snapshot');
  }
  await using process = startProcess(database.url);
  const events = await process.reader.readStream({ stream: 'ticket.long', after: 0, limit: 1_000 });
  const activated = await process.actors.read('ticket', 'long');
  expect(activated).toMatchObject({ version: 152, snapshotVersion: 151 });
  expect(activated.state).toEqual(foldTicket(events));
});

it('records events of hundreds of tickets with a few actors at a time', async () => {
  await using process = startProcess(database.url, { actors: 10 });
  const ids = Array.from({ length: 200 }, (_, n) => `few-${n}`);
  await Promise.all(ids.map((id) => openTicket(process.actors, id)));
  await Promise.all(ids.map((id) => postIn(process.actors, id, 'a')));
  const versions = await process.reader.readVersions(ids.map((id) => `ticket.${id}` as const));
  expect(new Set(versions)).toEqual(new Set([2]));
});

it('answers unavailable while the database is gone, and the outcome when it is back', async () => {
  await using process = startProcess(database.url);
  await openTicket(process.actors, 'gone');
  const { query, connect } = process.pool;
  const lost = () => Promise.reject(new Error('connection lost'));
  process.pool.query = lost as typeof query;
  process.pool.connect = lost as typeof connect;
  await expect(postIn(process.actors, 'gone', 'gone-1')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(openTicket(process.actors, 'gone-too')).rejects.toMatchObject({ code: 'unavailable' });
  process.pool.query = query;
  process.pool.connect = connect;
  await expect(postIn(process.actors, 'gone', 'gone-1')).resolves.toMatchObject({ duplicate: false, version: 2 });
});
