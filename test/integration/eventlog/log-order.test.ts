/** Positions have no gaps and become visible in order, whatever concurrent processes and failing commits do. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { messageAppend, messageEvent } from '../../support/events.ts';
import type { TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { createTestLog, limits, newStream, positionsOf, range, type TestLog } from './log.ts';

let log: TestLog;
let database: TestDatabase;
let pool: pg.Pool;
let reader: EventReader;
let appender: Appender;

beforeAll(async () => {
  log = await createTestLog();
  ({ database, pool, reader } = log);
});
beforeEach(() => {
  appender = createAppender(pool, limits);
});
afterAll(() => log[Symbol.asyncDispose]());

const WAITS_FOR_LOCK = `datname = current_database() and wait_event_type = 'Lock' and query like '%append%'`;

/**
 * Returns a client whose transaction has appended an event and is still open: the head is locked, nothing is visible.
 */
async function heldCommit(stream: string) {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await client.query({
    text: `select deskwire.append('0', $1, '1', '0', $2, 'MessagePosted', '{}', '{"commandId":"held"}', 'held', 1)`,
    values: [stream, randomUUID()],
  });
  return client;
}

it('shows no position before every smaller one: a later append waits for a commit held open', async () => {
  const { position } = await reader.head();
  const held = await heldCommit(newStream());
  let answered = false;
  const later = appender.append(messageAppend(newStream(), 0)).then((outcome) => {
    answered = true;
    return outcome;
  });
  await until(
    async () => (await pool.query(`select from pg_stat_activity where ${WAITS_FOR_LOCK}`)).rowCount === 1,
    'the later append to wait for the lock',
  );
  expect(answered).toBe(false);
  expect(await reader.readLog(position, 10)).toEqual([]);
  expect((await reader.head()).position).toBe(position);
  await held.query('commit');
  await held.end();
  const outcome = await later;
  if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
  expect(positionsOf(outcome.events)).toEqual([position + 2]);
  expect(positionsOf(await reader.readLog(position, 10))).toEqual([position + 1, position + 2]);
});

it('loses only the flush under way when its connection breaks, and records waiting appends on another connection', async () => {
  const held = await heldCommit(newStream());
  const underWay = appender.append(messageAppend(newStream(), 0));
  const broken = expect(underWay).rejects.toMatchObject({ code: 'unavailable' });
  await until(
    async () => (await pool.query(`select from pg_stat_activity where ${WAITS_FOR_LOCK}`)).rowCount === 1,
    'the flush to wait for the lock',
  );
  const waiting = appender.append(messageAppend(newStream(), 0));
  await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${WAITS_FOR_LOCK}`);
  await broken;
  await held.query('rollback');
  await held.end();
  expect((await waiting).outcome).toBe('appended');
});

it('gives the position of a commit that was rolled back to the next one', async () => {
  const { position } = await reader.head();
  const held = await heldCommit(newStream());
  const later = appender.append(messageAppend(newStream(), 0));
  await held.query('rollback');
  await held.end();
  const outcome = await later;
  if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
  expect(positionsOf(outcome.events)).toEqual([position + 1]);
});

it('reports a conflict with a commit that was still open when the append was sent', async () => {
  const stream = newStream();
  const held = await heldCommit(stream);
  const rival = appender.append(messageAppend(stream, 0));
  await held.query('commit');
  await held.end();
  expect(await rival).toEqual({ outcome: 'conflict', version: 1 });
});

it('has no gaps after any concurrent appends of several processes', async () => {
  const attempt = fc.record({
    process: fc.nat(3),
    stream: fc.nat(4),
    behind: fc.integer({ min: -1, max: 2 }),
    events: fc.integer({ min: 1, max: 3 }),
    command: fc.nat(30),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 60 }), async (attempts) => {
      const run = randomUUID();
      const start = await reader.head();
      const processes = range(0, 3).map(() => createAppender(pool, limits));
      const committed: RecordedEvent[] = [];
      for (const process of processes) process.onCommitted((events) => committed.push(...events));
      const versions = new Map<string, number>();
      await Promise.all(
        attempts.map(async (a) => {
          const stream = `ticket.${run}-${a.stream}` as const;
          const expectedVersion = Math.max(0, (versions.get(stream) ?? 0) - a.behind);
          const outcome = await processes[a.process]?.append({
            stream,
            expectedVersion,
            events: range(1, a.events).map(() => messageEvent('m', `c${a.command}`)),
          });
          if (outcome?.outcome === 'appended') versions.set(stream, expectedVersion + a.events);
        }),
      );
      const recorded = await reader.readLog(start.position, 1000);
      expect(positionsOf(recorded)).toEqual(range(start.position + 1, (await reader.head()).position));
      expect(committed.toSorted((a, b) => a.position - b.position)).toEqual(recorded);
      for (const stream of versions.keys()) {
        const events = recorded.filter((event) => event.stream === stream);
        expect(events.map((event) => event.version)).toEqual(range(1, events.length));
        const commands = events.map((event) => event.metadata.commandId);
        const runs = commands.filter((command, i) => command !== commands[i - 1]);
        expect(new Set(runs).size).toBe(runs.length);
      }
    }),
    { numRuns: 40 },
  );
});
