/** Sets which version of a projection is the current one, which notifies devices. */
import type { Pool } from 'pg';
import { MissingReadModelError } from '../engine/checkpoints.ts';
import type { Projection } from '../engine/projection.ts';

/** RETIRE runs before INSTALL, because a unique index allows one current version at most. */
const RETIRE = `update deskwire.projections set current = false, attention = attention + 1
  where name = $1 and version <> $2 and current`;
const INSTALL = `update deskwire.projections set current = true, attention = attention + 1
  where name = $1 and version = $2 and not current returning 1`;

/**
 * Makes this version current again after a rollback, when processes of this version have replaced those of the newer
 * one. Resolves false when this version is current already. When the two versions are at different positions, the
 * events between are notified twice or never. Clients recognise a repeated notification by its seq, and find a missing
 * one at their next comparison. Rejects with MissingReadModelError.
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
