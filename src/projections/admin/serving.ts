/** The read model that serves a version of a projection: finds, pauses and resumes it. */
import type { Pool } from 'pg';
import { DeskwireError } from '../../domain/errors.ts';
import type { Projection } from '../engine/projection.ts';

/** The read model, rebuild or parked event does not exist. */
export class NothingToDoError extends DeskwireError {
  constructor(message: string) {
    super('conflict', message);
  }
}

const SET_PAUSED = `update deskwire.projections set paused = $3, attention = attention + 1
  where name = $1 and version = $2 and paused <> $3 returning 1`;

/**
 * Pauses or resumes a projection, on whatever node it runs: its runner finds `attention` raised with its next commit.
 * Resolves false when the projection is in that state already. Rejects with NothingToDoError when there is no read
 * model.
 */
export async function setPaused(pool: Pool, projection: Projection, paused: boolean): Promise<boolean> {
  const { name, version } = projection;
  const { rows } = await pool.query(SET_PAUSED, [name, version, paused]);
  if (rows.length > 0) return true;
  await getServingGeneration(pool, projection);
  return false;
}

/** The generation of the tables that serve. Rejects with NothingToDoError when there is no read model. */
export async function getServingGeneration(pool: Pool, projection: Projection): Promise<number> {
  const { name, version } = projection;
  const { rows } = await pool.query<{ generation: string }>(
    'select generation from deskwire.projections where name = $1 and version = $2',
    [name, version],
  );
  const [row] = rows;
  if (row === undefined) throw new NothingToDoError(`there is no read model of ${name} in version ${version}`);
  return Number(row.generation);
}
