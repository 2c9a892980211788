/** The restore check: the newest event that a process recorded is compared with the log. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createRestoreCheck, type RestoreCheck } from '../../../src/eventlog/restore-check.ts';
import { messageAppend } from '../../support/events.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';

let database: TestDatabase;
let pool: pg.Pool;
let reader: EventReader;
let appender: Appender;
let restoreCheck: RestoreCheck;

beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 3 });
  reader = createEventReader(pool);
});
beforeEach(() => {
  appender = newAppender();
  restoreCheck = createRestoreCheck({ appender, reader, pool });
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const newAppender = () => createAppender(pool, { maxFlushEvents: 10, maxQueuedEvents: 10 });
const record = (by: Appender) => by.append(messageAppend(`ticket.${randomUUID()}`, 0));
const epochInLog = async () => (await reader.head()).epoch;

/** Removes the newest event, as a restored backup may. */
async function removeNewest(): Promise<void> {
  await pool.query('delete from deskwire.events where position = (select position from deskwire.log_head)');
}

it('confirms the epoch while the log has the recorded event, also after later events', async () => {
  const epoch = await epochInLog();
  expect(await restoreCheck.confirm(epoch)).toBe(epoch);
  await record(appender);
  await record(newAppender());
  expect(await restoreCheck.confirm(epoch)).toBe(epoch);
  expect(await epochInLog()).toBe(epoch);
});

it('starts a new epoch when the newest recorded event is missing or replaced', async () => {
  for (const replaced of [false, true]) {
    await record(appender);
    const epoch = await epochInLog();
    await removeNewest();
    if (replaced) await record(newAppender());
    const renewed = await restoreCheck.confirm(epoch);
    expect(renewed).not.toBe(epoch);
    expect(await epochInLog()).toBe(renewed);
  }
});

it('starts a new epoch only once, and ignores events of an earlier epoch', async () => {
  await record(appender);
  const epoch = await epochInLog();
  await removeNewest();
  const renewed = await restoreCheck.confirm(epoch);
  expect(await restoreCheck.confirm(epoch)).toBe(renewed);
  restoreCheck.forget();
  expect(await restoreCheck.confirm(renewed)).toBe(renewed);
});
