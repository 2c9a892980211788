/**
 * The epoch identifies the history of the log. It changes when JetStream, or a process that recorded it, has an event
 * that the log does not have. Then a backup was restored, and all cursors of the lost history are void.
 */
import type { Pool } from 'pg';

/** Starts a new epoch unless `expected` was replaced already; returns the epoch in force. */
export async function renewEpoch(pool: Pool, expected: string): Promise<string> {
  await pool.query('update deskwire.log_head set epoch = gen_random_uuid() where epoch = $1', [expected]);
  const { rows } = await pool.query<{ epoch: string }>('select epoch from deskwire.log_head');
  const [row] = rows;
  if (!row) throw new Error('deskwire.log_head has no row');
  return row.epoch;
}
