/** The check finds every reason for which the log takes no writes although it can be read. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { checkWrites } from '../../../src/eventlog/write-check.ts';
import { messageAppend } from '../../support/events.ts';
import { createTestLog, limits, newStream, type TestLog } from './log.ts';

let log: TestLog;
beforeAll(async () => {
  log = await createTestLog();
});
afterAll(() => log[Symbol.asyncDispose]());

it('passes while events can be recorded, and leaves nothing behind', async () => {
  await checkWrites(log.pool);
  expect((await log.pool.query('select from deskwire.write_checks')).rows).toEqual([]);
});

it('names a database that is read-only', async () => {
  await using stack = new AsyncDisposableStack();
  const options = '-c default_transaction_read_only=on';
  const pool = stack.adopt(new pg.Pool({ connectionString: log.database.url, max: 1, options }), (open) => open.end());
  await expect(checkWrites(pool)).rejects.toMatchObject({ reason: 'read-only' });
});

it.each([
  ['a lock on the events', 'lock table deskwire.events in exclusive mode'],
  ['an index that is being made', 'lock table deskwire.events in share mode'],
  ['an append that does not end', "select pg_advisory_xact_lock(hashtext('deskwire'), hashtext('append'))"],
])('names the session that holds %s; appends work again when it ends', async (_, statement) => {
  await using stack = new AsyncDisposableStack();
  const connection = { connectionString: log.database.url, application_name: 'somebody' };
  const blocker = stack.adopt(new pg.Client(connection), (open) => open.end());
  await blocker.connect();
  await blocker.query('begin');
  await blocker.query(statement);
  const { rows } = await blocker.query<{ pid: number }>('select pg_backend_pid() as pid');
  await expect(checkWrites(log.pool)).rejects.toMatchObject({
    reason: 'locked',
    message: expect.stringContaining(`session ${rows[0]?.pid} (somebody, idle in transaction`),
  });
  await blocker.query('rollback');
  await checkWrites(log.pool);
  const appender = createAppender(log.pool, limits);
  expect((await appender.append(messageAppend(newStream(), 0))).outcome).toBe('appended');
  await appender.close();
});

it('appends that wait for a lock end on the server, too, and take no more than one connection', async () => {
  await using stack = new AsyncDisposableStack();
  const waiting = { connectionString: log.database.url, application_name: 'appending', lock_timeout: 200 };
  const pool = stack.adopt(new pg.Pool(waiting), (open) => open.end());
  const blocker = stack.adopt(new pg.Client(log.database.url), (open) => open.end());
  await blocker.connect();
  await blocker.query('begin; lock table deskwire.events in exclusive mode');
  const appender = createAppender(pool, limits);
  for (let at = 0; at < 3; at += 1) {
    await expect(appender.append(messageAppend(newStream(), 0))).rejects.toMatchObject({ code: 'unavailable' });
  }
  const { rows } = await blocker.query("select from pg_stat_activity where application_name = 'appending'");
  expect(rows.length).toBeLessThanOrEqual(1);
  await blocker.query('rollback');
  expect((await appender.append(messageAppend(newStream(), 0))).outcome).toBe('appended');
  await appender.close();
});
