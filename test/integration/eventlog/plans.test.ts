/** What an append costs PostgreSQL depends on none of its settings, and on no other transaction. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { messageAppend } from '../../support/events.ts';
import { until } from '../../support/until.ts';
import { createTestLog, limits, newStream, type TestLog } from './log.ts';

let log: TestLog;
beforeAll(async () => {
  log = await createTestLog();
});
afterAll(() => log[Symbol.asyncDispose]());

/** A plan with a scan that is disabled for it looks so expensive that PostgreSQL compiles it, for each append anew. */
it('appends with plans that use indexes alone', async () => {
  const plans: string[] = [];
  await using stack = new AsyncDisposableStack();
  const pool = stack.adopt(new pg.Pool({ connectionString: log.database.url, max: 1 }), (open) => open.end());
  pool.on('connect', (client) => {
    client.on('notice', ({ message }) => void plans.push(message ?? ''));
    void client.query(`
      load 'auto_explain';
      set auto_explain.log_min_duration = 0;
      set auto_explain.log_nested_statements = on;
      set client_min_messages = log;
    `);
  });
  const appender = createAppender(pool, limits);
  const stream = newStream();
  for (let version = 0; version < 10; version += 1) await appender.append(messageAppend(stream, version));
  expect((await appender.append(messageAppend(stream, 3))).outcome).toBe('conflict');
  await appender.close();
  expect(plans.filter((plan) => plan.includes('deskwire.events')).length).toBeGreaterThan(10);
  expect(plans.filter((plan) => plan.includes('Seq Scan') || plan.includes('Disabled'))).toEqual([]);
});

/** While a transaction is open (pg_dump), the dead versions of a changed row stay, and each look at it passes them. */
it('changes no row', async () => {
  const appender = createAppender(log.pool, limits);
  const stream = newStream();
  for (let version = 0; version < 10; version += 1) await appender.append(messageAppend(stream, version));
  await appender.close();
  const counts = async () => {
    const { rows } = await log.pool.query<{ inserted: number; changed: number }>(
      `select sum(n_tup_ins)::int as inserted, sum(n_tup_upd + n_tup_del)::int as changed
       from pg_stat_user_tables where relid in ('deskwire.events'::regclass, 'deskwire.log_epoch'::regclass)`,
    );
    return rows[0];
  };
  const recorded = async () => ((await counts())?.inserted ?? 0) >= 10;
  await until(recorded, 'the statistics of the appends');
  expect(await counts()).toMatchObject({ changed: 0 });
});
