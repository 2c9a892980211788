/** Each append is recorded whole or not at all, and its caller gets the outcome, also under overload and failures. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { messageAppend, messageEvent } from '../../support/events.ts';
import { startFlakyProxy } from '../../support/flaky-proxy.ts';
import type { TestDatabase } from '../../support/services.ts';
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

it('records what was given, with consecutive versions and positions', async () => {
  const stream = newStream();
  const events = [messageEvent('one', 'c1'), messageEvent('two', 'c1'), messageEvent('t\'hr"ee\\ \n\u2028 é 🙂', 'c2')];
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

it('fails only the append that conflicts, and returns the version of its stream', async () => {
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

it('recognises a recorded command without effect on other appends, and reads its first outcome', async () => {
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

it('keeps the order of appends to one stream, one per flush', async () => {
  const stream = newStream();
  const outcomes = await Promise.all(range(0, 9).map((version) => appender.append(messageAppend(stream, version))));
  expect(new Set(outcomes.map((o) => o.outcome))).toEqual(new Set(['appended']));
});

it('refuses an append that cannot be recorded, and records the others of the flush', async () => {
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

it('notifies listeners of each commit in position order', async () => {
  const received: number[] = [];
  const stop = appender.onCommitted((events) => received.push(...positionsOf(events)));
  const { position } = await reader.head();
  await Promise.all(range(1, 200).map(() => appender.append(messageAppend(newStream(), 0))));
  stop();
  await appender.append(messageAppend(newStream(), 0));
  expect(received).toEqual(range(position + 1, position + 200));
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

it('refuses appends beyond the limit of waiting bytes, and accepts them afterwards', async () => {
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

it('finishes waiting appends before it closes', async () => {
  const stream = newStream();
  const pending = appender.append(messageAppend(stream, 0));
  await appender.close();
  expect(await reader.readVersions([stream])).toEqual([1]);
  expect((await pending).outcome).toBe('appended');
});
