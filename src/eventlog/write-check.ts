/**
 * Checks that the log takes writes. A database may answer reads while no event can be recorded: it is read-only, its
 * disk is full, or a session holds a lock that appends need.
 */
import { DatabaseError, type Pool } from 'pg';
import { isLock } from './dedicated-connection.ts';

/** Why the log takes no writes. */
export class WritesRefused extends Error {
  override readonly name = 'WritesRefused';
  readonly reason: 'read-only' | 'disk full' | 'locked';
  constructor(reason: WritesRefused['reason'], message: string, options: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

interface Blocker {
  readonly pid: number;
  readonly application: string;
  readonly state: string;
  /** Seconds since its transaction began. */
  readonly open: number;
}

/** Rejects with WritesRefused when the reason is known, or with the error of the database. */
export async function checkWrites(pool: Pool): Promise<void> {
  try {
    await pool.query({ name: 'check_writes', text: 'select deskwire.check_writes()' });
  } catch (cause) {
    throw await reasonOf(cause, pool);
  }
}

async function reasonOf(cause: unknown, pool: Pool): Promise<unknown> {
  if (!(cause instanceof DatabaseError)) return cause;
  if (cause.code === '25006') return new WritesRefused('read-only', 'the database is read-only', { cause });
  if (cause.code === '53100') return new WritesRefused('disk full', "the database's disk is full", { cause });
  if (cause.code !== '55P03') return cause;
  const { rows } = await pool.query<Blocker>(BLOCKER);
  return new WritesRefused('locked', `appends wait for a lock${describe(rows[0])}`, { cause });
}

function describe(blocker: Blocker | undefined): string {
  if (blocker === undefined) return '';
  const { pid, application, state, open } = blocker;
  return ` of session ${pid} (${application || 'without a name'}, ${state}, its transaction open for ${open} s)`;
}

/** The session with the oldest transaction that holds a lock which an append needs. */
const BLOCKER = `
  select a.pid, a.application_name as application, coalesce(a.state, 'unknown state') as state,
    coalesce(extract(epoch from clock_timestamp() - a.xact_start), 0)::int as open
  from pg_locks l join pg_stat_activity a using (pid)
  where l.pid <> pg_backend_pid() and (
    l.granted and l.database = (select oid from pg_database where datname = current_database())
      and l.relation in ('deskwire.events'::regclass, 'deskwire.write_checks'::regclass)
      and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    or ${isLock("'append'")}
  )
  order by a.xact_start limit 1`;
