/**
 * The epoch says which history the log holds. It changes when somebody has seen what the log does not hold, JetStream or a
 * process that recorded it: a backup was restored, and every cursor taken from the lost history is void.
 */
import type { Pool } from 'pg';

/** Starts a new epoch unless somebody already did; returns the one that is in force. */
export async function renewEpoch(pool: Pool, expected: string): Promise<string> {
  await pool.query('update deskwire.log_head set epoch = gen_random_uuid() where epoch = $1', [expected]);
  const { rows } = await pool.query<{ epoch: string }>('select epoch from deskwire.log_head');
  const [row] = rows;
  if (!row) throw new Error('deskwire.log_head has no row');
  return row.epoch;
}
