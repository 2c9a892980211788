/** Checks PostgreSQL: its version, load and clock, and the settings that durability and order depend on. */
import type { Pool } from 'pg';
import { duration } from '../output.ts';
import { error, type Finding, ok, warning } from './finding.ts';

interface Facts {
  readonly version: string;
  readonly number: number;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly isolation: string;
  readonly encoding: string;
  readonly autovacuum: string;
  readonly standby: boolean;
  readonly max_connections: number;
  readonly connections: number;
  /** Seconds that the oldest transaction has been open. */
  readonly oldest: number | null;
}

const FACTS = `
  select current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
    current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
    current_setting('synchronous_commit') as synchronous_commit,
    current_setting('default_transaction_isolation') as isolation, current_setting('server_encoding') as encoding,
    current_setting('autovacuum') as autovacuum, pg_is_in_recovery() as standby,
    current_setting('max_connections')::integer as max_connections,
    (select count(*)::integer from pg_stat_activity where backend_type = 'client backend') as connections,
    (
      select extract(epoch from clock_timestamp() - min(xact_start))::float8 from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()
    ) as oldest`;

/** As in `server_version_num`: PostgreSQL 16. */
const CURRENT = 160_000;
/** Seconds. */
const LONG_TRANSACTION = 300;
/** Milliseconds. Tokens are accepted while clocks differ by at most five seconds. */
const SKEW = { noticeable: 1_000, grave: 5_000 };

export async function examinePostgres(pool: Pool): Promise<Finding[]> {
  const { rows } = await pool.query<Facts>(FACTS);
  const [facts] = rows;
  if (facts === undefined) return [];
  return [versionOf(facts), ...settingsOf(facts), ...loadOf(facts), await clockOf(pool)];
}

function versionOf({ version, number, standby }: Facts): Finding {
  if (standby)
    return error('database', `${version}, a standby`, 'point DATABASE_URL at the primary: a standby takes no writes');
  if (number >= CURRENT) return ok('database', `PostgreSQL ${version}`);
  return warning('database', `PostgreSQL ${version}`, 'it works; plan an upgrade to a current version');
}

function settingsOf(facts: Facts): Finding[] {
  const { fsync, full_page_writes, synchronous_commit, isolation, encoding, autovacuum } = facts;
  const wrong = [
    fsync !== 'on' &&
      error('durability', 'fsync is off', 'set fsync = on: a crash of the machine corrupts the database'),
    full_page_writes !== 'on' &&
      error('durability', 'full_page_writes is off', 'set it on, unless the file system never tears a page'),
    synchronous_commit === 'off' &&
      error('durability', 'synchronous_commit is off', 'set it on: a crash loses commands that were acknowledged'),
    isolation !== 'read committed' &&
      error(
        'isolation',
        `default_transaction_isolation is ${isolation}`,
        'set it to read committed: appends would fail',
      ),
    encoding !== 'UTF8' && error('encoding', `the database is in ${encoding}`, 'create it anew with encoding UTF8'),
    autovacuum !== 'on' && error('autovacuum', 'autovacuum is off', 'set it on: tables and queries degrade without'),
  ].filter((finding) => finding !== false);
  return wrong.length > 0 ? wrong : [ok('durability', 'fsync, full_page_writes and synchronous_commit are on')];
}

function loadOf({ connections, max_connections, oldest }: Facts): Finding[] {
  const used = `${connections} of ${max_connections} connections`;
  const findings =
    connections > max_connections * 0.8
      ? [
          warning(
            'connections',
            used,
            'raise max_connections: a server uses up to 40, and a rebuild one for each projection',
          ),
        ]
      : [ok('connections', used)];
  if ((oldest ?? 0) > LONG_TRANSACTION) {
    const age = duration(oldest ?? 0);
    const advice = 'find it in pg_stat_activity (xact_start) and end it: nothing can be vacuumed since';
    findings.push(warning('transactions', `one has been open for ${age}`, advice));
  }
  return findings;
}

/** Compares the database's clock with ours, at the middle of the round trip. */
async function clockOf(pool: Pool): Promise<Finding> {
  const asked = Date.now();
  const { rows } = await pool.query<{ now: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  );
  const skew = Math.abs((rows[0]?.now ?? asked) - (asked + Date.now()) / 2);
  const words = `${Math.round(skew)} ms between this machine and the database`;
  if (skew < SKEW.noticeable) return ok('clock', words);
  const advice = 'let both follow the same time servers (NTP): times of events and the expiry of tokens depend on it';
  return skew < SKEW.grave ? warning('clock', words, advice) : error('clock', words, advice);
}
