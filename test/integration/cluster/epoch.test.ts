/** A backup is restored under a running server: the server forgets the lost history. */
import pg from 'pg';
import { expect, it } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { launchServer } from '../../support/server-process.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { newEvent } from '../../unit/actors/desk.ts';
import { insist, logIn } from './people.ts';

it('every worker decides on the new history after a backup was restored', async () => {
  await using database = await createDatabase();
  await using nats = await startNats();
  await using server = launchServer({
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    DEMO_DATA: 'on',
    RATE_LIMIT: 'off',
    WORKERS: '2',
  });
  const url = await server.ready;
  const token = await logIn(url);
  const tickets = await Promise.all(
    Array.from({ length: 6 }, async () =>
      String((await insist(url, token, '/api/v1/support', { description: 'x' })).id),
    ),
  );
  const restorable = await headOf(database.url);
  const say = (id: string, message: string) => insist(url, token, `/api/tickets/${id}/chat`, { message });
  for (const id of tickets) expect(await say(id, 'lost')).toMatchObject({ version: 2 });

  await restore(database.url, restorable, tickets);
  const epochs = () => server.output().split('the log has a new epoch: state of the old one').length - 1;
  await until(() => epochs() >= 2, 'both workers to learn of the new epoch', { timeoutMs: 60_000 });
  // The second event of each ticket now closes it.
  for (const id of tickets) await expect(say(id, 'into a closed ticket')).rejects.toThrow('409');
});

async function headOf(url: string): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const pool = stack.adopt(new pg.Pool({ connectionString: url }), (open) => open.end());
  const { rows } = await pool.query<{ position: string }>('select position from deskwire.log_head');
  return Number(rows[0]?.position);
}

/** Restores the log at `position` and appends other events; all connections are lost. */
async function restore(url: string, position: number, tickets: readonly string[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const pool = stack.adopt(new pg.Pool({ connectionString: url, max: 1 }), (open) => open.end());
  await pool.query('delete from deskwire.events where position > $1', [position]);
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 500 });
  const closed = { type: 'TicketChanged', data: { changes: { status: { from: 'open', to: 'closed' } } } } as const;
  await Promise.all(
    tickets.map((id) => appender.append({ stream: `ticket.${id}`, expectedVersion: 1, events: [newEvent(closed)] })),
  );
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
}
