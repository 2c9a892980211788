import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { messageAppend, messageEvent } from '../../support/events.ts';
import { startFlakyProxy } from '../../support/flaky-proxy.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
let pool: pg.Pool;
let reader: EventReader;
let appender: Appender;
/** With patience for disks that others use, too. */
const limits = { maxFlushEvents: 500, maxQueuedEvents: 10_000, patience: 60_000 };

beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 20 });
  reader = createEventReader(pool);
});
beforeEach(() => {
  appender = createAppender(pool, limits);
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const newStream = () => `ticket.${randomUUID()}` as const;
const positionsOf = (events: readonly RecordedEvent[]) => events.map((event) => event.position);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it('gives up a connection whose answers are lost, and goes on over another', async () => {
  await using network = await startFlakyProxy(database.url);
  const url = new URL(database.url);
  url.host = new URL(network.url).host;
  const distant = new pg.Pool({ connectionString: url.href, max: 1 });
  distant.on('error', () => undefined); // The connection is cut at the end.
  // Time stands still but for the one time-out: a slow database cannot make another.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const timeout = 2_000;
  const appending = createAppender(distant, { ...limits, patience: timeout });
  const stream = newStream();
  await appending.append(messageAppend(stream, 0));
  network.deafen();
  const unanswered = appending.append(messageAppend(stream, 1)).catch((error: unknown) => error);
  await vi.waitUntil(async () => (await reader.readVersions([stream]))[0] === 2, { timeout: 60_000 });
  vi.advanceTimersByTime(timeout);
  expect(await unanswered).toMatchObject({ code: 'unavailable' });
  network.heal();
  // The client does not know that its second event was recorded.
  expect(await appending.append(messageAppend(stream, 1))).toEqual({ outcome: 'conflict', version: 2 });
  expect((await appending.append(messageAppend(stream, 2))).outcome).toBe('appended');
  await appending.close();
  await distant.end();
});

describe('appending', () => {
  it('records what was given, with consecutive versions and positions', async () => {
    const stream = newStream();
    const events = [
      messageEvent('one', 'c1'),
      messageEvent('two', 'c1'),
      messageEvent('t\'hr"ee\\ \n\u2028 é 🙂', 'c2'),
    ];
    const before = await reader.head();
    const outcome = await appender.append({ stream, expectedVersion: 0, events });
    if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
    expect(outcome.events.map((event) => event.version)).toEqual([1, 2, 3]);
    expect(positionsOf(outcome.events)).toEqual(range(before.position + 1, before.position + 3));
    expect(await reader.readStream({ stream, after: 0, limit: 10 })).toEqual(outcome.events);
    expect(await reader.readLog(before.position, 10)).toEqual(outcome.events);
    expect(outcome.events.map(({ id, data, metadata }) => ({ id, data, metadata }))).toEqual(
      events.map(({ id, data, metadata }) => ({ id, data, metadata })),
    );
    expect(appender.lastPosition).toBe(before.position + 3);
  });

  it('fails a conflicting append alone, and says where its stream stands', async () => {
    const [taken, free] = [newStream(), newStream()];
    await appender.append(messageAppend(taken, 0));
    const [conflict, fine] = await Promise.all([
      appender.append(messageAppend(taken, 0)),
      appender.append(messageAppend(free, 0)),
    ]);
    expect(conflict).toEqual({ outcome: 'conflict', version: 1 });
    expect(fine.outcome).toBe('appended');
    expect(await reader.readVersions([taken, free, newStream()])).toEqual([1, 1, 0]);
  });

  it('refuses to leave a gap in a stream that is shorter than the writer believes', async () => {
    const stream = newStream();
    await appender.append(messageAppend(stream, 0));
    expect(await appender.append(messageAppend(stream, 7))).toEqual({ outcome: 'conflict', version: 1 });
    expect(await appender.append(messageAppend(newStream(), 1))).toEqual({ outcome: 'conflict', version: 0 });
  });

  it('recognises a command for ever, alone among its neighbours, and reads its first outcome', async () => {
    const [stream, other] = [newStream(), newStream()];
    const first = await appender.append({
      stream,
      expectedVersion: 0,
      events: [messageEvent('a', 'x'), messageEvent('b', 'x'), messageEvent('c', 'y')],
    });
    const [duplicate, neighbour, elsewhere] = await Promise.all([
      appender.append({ stream, expectedVersion: 3, events: [messageEvent('d', 'z'), messageEvent('a again', 'x')] }),
      appender.append(messageAppend(other, 0)),
      appender.append(messageAppend(newStream(), 0, 'the same id in another stream is another command', 'x')),
    ]);
    expect(duplicate).toEqual({ outcome: 'duplicate', commandIds: ['x'] });
    expect([neighbour.outcome, elsewhere.outcome]).toEqual(['appended', 'appended']);
    if (first.outcome !== 'appended') throw new Error(first.outcome);
    expect(await reader.readCommand(stream, 'x')).toEqual(first.events.slice(0, 2));
    expect(
      await reader.readCommands([
        { stream, commandId: 'y' },
        { stream, commandId: 'z' },
        { stream, commandId: 'x' },
      ]),
    ).toEqual([first.events.slice(2), [], first.events.slice(0, 2)]);
  });

  it('keeps the order of appends to one stream, each in a flush of its own', async () => {
    const stream = newStream();
    const outcomes = await Promise.all(range(0, 9).map((version) => appender.append(messageAppend(stream, version))));
    expect(new Set(outcomes.map((o) => o.outcome))).toEqual(new Set(['appended']));
  });

  it('refuses what it cannot record and names why, leaving its neighbours alone', async () => {
    const stream = newStream();
    const [nothing, twice, control, fine] = await Promise.allSettled([
      appender.append({ stream, expectedVersion: 0, events: [] }),
      appender.append({
        stream,
        expectedVersion: 0,
        events: [messageEvent('a', 'x'), messageEvent('b', 'y'), messageEvent('c', 'x')],
      }),
      appender.append(messageAppend('ticket.a\u001fb', 0)),
      appender.append(messageAppend(stream, 0)),
    ]);
    expect([nothing.status, twice.status, control.status]).toEqual(['rejected', 'rejected', 'rejected']);
    expect(fine.status).toBe('fulfilled');
  });

  it('tells listeners of each commit in position order', async () => {
    const heard: number[] = [];
    const stop = appender.onCommitted((events) => heard.push(...positionsOf(events)));
    const { position } = await reader.head();
    await Promise.all(range(1, 200).map(() => appender.append(messageAppend(newStream(), 0))));
    stop();
    await appender.append(messageAppend(newStream(), 0));
    expect(heard).toEqual(range(position + 1, position + 200));
  });

  it('refuses as unavailable when too much waits, when it closes, and when the database is gone', async () => {
    const small = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 2 });
    const results = await Promise.allSettled(range(1, 3).map(() => small.append(messageAppend(newStream(), 0))));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await small.close();
    await expect(small.append(messageAppend(newStream(), 0))).rejects.toMatchObject({ code: 'unavailable' });
    const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1 });
    await expect(createAppender(nowhere, limits).append(messageAppend(newStream(), 0))).rejects.toMatchObject({
      code: 'unavailable',
    });
    await nowhere.end();
  });

  it('refuses what would make the data that waits larger than it may be, and takes it again afterwards', async () => {
    let refused = 0;
    const small = createAppender(pool, { ...limits, maxQueuedBytes: 100, onRefused: () => (refused += 1) });
    const appends = range(1, 20).map(() => messageAppend(newStream(), 0));
    const results = await Promise.allSettled(appends.map((one) => small.append(one)));
    const late = appends.filter((_, index) => results[index]?.status === 'rejected');
    expect(late.length).toBeGreaterThan(0);
    expect(late.length).toBeLessThan(20);
    expect(refused).toBe(late.length);
    for (const one of late) await expect(small.append(one)).resolves.toMatchObject({ outcome: 'appended' });
    await small.close();
  });

  it('finishes what it has before it closes', async () => {
    const stream = newStream();
    const pending = appender.append(messageAppend(stream, 0));
    await appender.close();
    expect(await reader.readVersions([stream])).toEqual([1]);
    expect((await pending).outcome).toBe('appended');
  });
});

describe('the order of the log', () => {
  const WAITS_FOR_LOCK = `datname = current_database() and wait_event_type = 'Lock' and query like '%append%'`;

  /** Holds a commit open: the head is locked, the event written, nothing visible. */
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

  it('loses only the flush that was under way when its connection broke, and goes on with what waits on another', async () => {
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

  it('sees a conflict with a commit that was held open when it asked', async () => {
    const stream = newStream();
    const held = await heldCommit(stream);
    const rival = appender.append(messageAppend(stream, 0));
    await held.query('commit');
    await held.end();
    expect(await rival).toEqual({ outcome: 'conflict', version: 1 });
  });

  it('stays gapless whatever several processes throw at it', async () => {
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
        const log = await reader.readLog(start.position, 1000);
        expect(positionsOf(log)).toEqual(range(start.position + 1, (await reader.head()).position));
        expect(committed.toSorted((a, b) => a.position - b.position)).toEqual(log);
        for (const stream of versions.keys()) {
          const events = log.filter((event) => event.stream === stream);
          expect(events.map((event) => event.version)).toEqual(range(1, events.length));
          const commands = events.map((event) => event.metadata.commandId);
          const runs = commands.filter((command, i) => command !== commands[i - 1]);
          expect(new Set(runs).size).toBe(runs.length);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('reading', () => {
  it('reads many ranges in one statement, in the order asked', async () => {
    const [a, b] = [newStream(), newStream()];
    for (const stream of [a, b]) {
      await appender.append({ stream, expectedVersion: 0, events: range(1, 5).map((n) => messageEvent(`${n}`)) });
    }
    const ranges = await reader.readStreams([
      { stream: b, after: 3, limit: 10 },
      { stream: newStream(), after: 0, limit: 10 },
      { stream: a, after: 0, limit: 2 },
      { stream: b, after: 0, limit: 1 },
    ]);
    expect(ranges.map((events) => events.map((event) => event.version))).toEqual([[4, 5], [], [1, 2], [1]]);
  });
});
