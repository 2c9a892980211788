/**
 * Checks everything that a system depends on, from the configuration to the read models, and advises what to do about
 * each fault. A check is left out when the service that it needs cannot be reached.
 */
import pg from 'pg';
import { reachDatabase } from '../../embedded/reach.ts';
import { pendingMigrations } from '../../eventlog/migrate.ts';
import { createEventReader } from '../../eventlog/reader.ts';
import { messageOf } from '../../support/start-failure.ts';
import type { Surroundings } from '../surroundings.ts';
import { examineBroker } from './broker.ts';
import { error, type Finding, ok } from './finding.ts';
import { examinePostgres } from './postgres.ts';
import { examineProjections } from './projections.ts';
import { examineWrites } from './writes.ts';

export async function diagnose(on: Surroundings): Promise<Finding[]> {
  try {
    const { DATABASE_URL, NATS_URL, DATA_DIR } = on.config();
    const embedded = DATABASE_URL === undefined || NATS_URL === undefined;
    const services = await on.services();
    const configuration = ok('configuration', embedded ? `correct; services of the server on ${DATA_DIR}` : 'correct');
    return [configuration, ...(await examineDatabase(on, services.databaseUrl))];
  } catch (cause) {
    return [error('configuration', messageOf(cause), 'set what it names; .env.example explains every setting')];
  }
}

async function examineDatabase(on: Surroundings, databaseUrl: string): Promise<Finding[]> {
  const pool = new pg.Pool({ ...(await on.database()), max: 2 });
  pool.on('error', () => {}); // The next query reports the error.
  try {
    await reachDatabase(pool, databaseUrl);
  } catch (cause) {
    await pool.end();
    const unreachable = error('database', messageOf(cause), 'start it, or correct DATABASE_URL; the server needs it');
    return [unreachable, ...(await examineBroker(on, undefined))];
  }
  try {
    const pending = await pendingMigrations(pool);
    const migrations =
      pending.length === 0
        ? ok('migrations', 'none pending')
        : error('migrations', `pending: ${pending.join(', ')}`, 'run `deskwire migrate`, or start the server');
    const settings = await examinePostgres(pool);
    if (pending.length > 0) return [...settings, migrations, ...(await examineBroker(on, undefined))];
    const writes = await examineWrites(pool);
    const head = await createEventReader(pool).head();
    const relayed = await examineBroker(on, { head, pool });
    return [...settings, migrations, writes, ...relayed, ...(await examineProjections(pool))];
  } finally {
    await pool.end();
  }
}
