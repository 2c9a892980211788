/** Which version of a projection is the current one: the one that tells devices of what is new. */
import type { Pool } from 'pg';
import { MissingReadModelError } from '../engine/checkpoints.ts';
import type { Projection } from '../engine/projection.ts';

/** One after the other: the index allows one current version at most, at any moment. */
const RETIRE = `update deskwire.projections set current = false, attention = attention + 1
  where name = $1 and version <> $2 and current`;
const INSTALL = `update deskwire.projections set current = true, attention = attention + 1
  where name = $1 and version = $2 and not current returning 1`;

/**
 * Takes a newer version back, after the processes that ran it were replaced by those of this one. False when this version
 * is the current one already. Where the two stand at different positions, what lies between is told twice or not at all;
 * clients recognise the one by its seq, and find the other when they next compare. Rejects with MissingReadModelError.
 */
export async function makeCurrent(pool: Pool, projection: Projection): Promise<boolean> {
  const { name, version } = projection;
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows: known } = await client.query(
      'select current from deskwire.projections where name = $1 and version = $2 for update',
      [name, version],
    );
    if (known.length === 0) throw new MissingReadModelError(`there is no read model of ${name} in version ${version}`);
    await client.query(RETIRE, [name, version]);
    const { rows } = await client.query(INSTALL, [name, version]);
    await client.query('commit');
    return rows.length > 0;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
