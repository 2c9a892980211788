/**
 * What an operator can tell the runner of a projection, wherever it runs. Orders are given in the database, so that they
 * hold across restarts and reach a runner that starts later; its next commit tells a running one that there are some.
 */
import type { Pool } from 'pg';
import type { Projection } from '../engine/projection.ts';

/** There is no such read model, or nothing of what the order is about. */
export class NothingToDoError extends Error {
  override readonly name = 'NothingToDoError';
}

const SET_PAUSED = `update deskwire.projections set paused = $3, attention = attention + 1
  where name = $1 and version = $2 and paused <> $3 returning 1`;

/** False when it is so already. Rejects with NothingToDoError when there is no read model. */
export async function setPaused(pool: Pool, projection: Projection, paused: boolean): Promise<boolean> {
  const { name, version } = projection;
  const { rows } = await pool.query(SET_PAUSED, [name, version, paused]);
  if (rows.length > 0) return true;
  await servingGeneration(pool, projection);
  return false;
}

export async function servingGeneration(pool: Pool, projection: Projection): Promise<number> {
  const { name, version } = projection;
  const { rows } = await pool.query<{ generation: string }>(
    'select generation from deskwire.projections where name = $1 and version = $2',
    [name, version],
  );
  const [row] = rows;
  if (row === undefined) throw new NothingToDoError(`there is no read model of ${name} in version ${version}`);
  return Number(row.generation);
}

export interface ParkedStream {
  readonly projection: string;
  readonly stream: string;
  /** The earliest parked event: the one that cannot be handled. */
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** Null when it is about to be tried again. */
  readonly error: string | null;
  readonly attempts: number;
  /** RFC 3339. */
  readonly parkedAt: string;
  /** How many events of the stream are parked, that one included. */
  readonly events: number;
}

interface ParkedRow {
  readonly stream: string;
  readonly version: number;
  readonly position: string;
  readonly type: string;
  readonly error: string | null;
  readonly attempts: number;
  readonly parked_at: Date;
  readonly events: string;
}

/** In the order in which they were parked. */
export async function parkedStreams(pool: Pool, projection: Projection, stream?: string): Promise<ParkedStream[]> {
  const { rows } = await pool.query<ParkedRow>(
    `select * from (
       select distinct on (p.stream) p.*, count(*) over (partition by p.stream) as events
       from deskwire.parked p where p.generation = $1 and ($2::text is null or p.stream = $2)
       order by p.stream, p.version
     ) s order by position`,
    [await servingGeneration(pool, projection), stream ?? null],
  );
  return rows.map(({ parked_at, ...row }) => ({
    projection: projection.name,
    stream: row.stream,
    version: row.version,
    position: Number(row.position),
    type: row.type,
    error: row.error,
    attempts: row.attempts,
    parkedAt: parked_at.toISOString(),
    events: Number(row.events),
  }));
}

/** In one statement, so that the runner finds the order and what it is about together. */
const RETRY = `
  with tried as (
    update deskwire.parked p set error = null
    from (
      select distinct on (stream) stream, version from deskwire.parked
      where generation = $1 and ($2::text is null or stream = $2) order by stream, version
    ) h
    where p.generation = $1 and p.stream = h.stream and p.version = h.version
    returning p.stream
  ), told as (
    update deskwire.projections set attention = attention + 1 where generation = $1 and exists (select from tried)
  )
  select stream from tried`;

/** Has a stream tried again from its earliest parked event, or every stream. Returns how many. */
export async function retryParked(pool: Pool, projection: Projection, stream?: string): Promise<number> {
  const { rows } = await pool.query(RETRY, [await servingGeneration(pool, projection), stream ?? null]);
  return rows.length;
}

const SKIP = `
  with skipped as (
    delete from deskwire.parked p
    where generation = $1 and stream = $2 and ($3::bigint is null or position = $3)
      and version = (select min(version) from deskwire.parked where generation = $1 and stream = $2)
    returning p.stream, p.version, p.position, p.type, p.error, p.attempts, p.parked_at
  ), told as (
    update deskwire.projections set attention = attention + 1 where generation = $1 and exists (select from skipped)
  )
  select *, 1 as events from skipped`;

/**
 * Leaves the earliest parked event of a stream out for good, and has the rest of the stream tried. With a `position`, only
 * if it is that event. Rejects with NothingToDoError when it is not, or nothing of the stream is parked.
 */
export async function skipParked(
  pool: Pool,
  projection: Projection,
  stream: string,
  position?: number,
): Promise<Pick<ParkedStream, 'stream' | 'version' | 'position' | 'type'>> {
  const { rows } = await pool.query<ParkedRow>(SKIP, [
    await servingGeneration(pool, projection),
    stream,
    position ?? null,
  ]);
  const [row] = rows;
  if (row === undefined) {
    const which = position === undefined ? '' : ` at position ${position}, first of those parked`;
    throw new NothingToDoError(`${projection.name} has no parked event of ${stream}${which}`);
  }
  return { stream: row.stream, version: row.version, position: Number(row.position), type: row.type };
}
