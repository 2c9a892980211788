/**
 * Parked events for an operator: lists them by stream, marks a stream to be tried again, skips one event for good.
 *
 * Both changes are made in the database, so that they survive restarts and reach a runner that starts later. They raise
 * `attention`, which a running runner finds with its next commit.
 */
import type { Pool } from 'pg';
import type { ProjectionName } from '../catalog.ts';
import type { Projection } from '../engine/projection.ts';
import { getServingGeneration, NothingToDoError } from './serving.ts';

export interface ParkedStream {
  readonly projection: ProjectionName;
  readonly stream: string;
  /** The version of the earliest parked event, which is the one that cannot be handled. */
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** Null when the event is about to be tried again. */
  readonly error: string | null;
  readonly attempts: number;
  /** RFC 3339. */
  readonly parkedAt: string;
  /** The number of parked events of the stream, the earliest included. */
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

/** Lists the streams with parked events, in log order of their earliest one; with `stream` only that one. */
export async function listParkedStreams(pool: Pool, projection: Projection, stream?: string): Promise<ParkedStream[]> {
  const { rows } = await pool.query<ParkedRow>(
    `select * from (
       select distinct on (p.stream) p.*, count(*) over (partition by p.stream) as events
       from deskwire.parked p where p.generation = $1 and ($2::text is null or p.stream = $2)
       order by p.stream, p.version
     ) s order by position`,
    [await getServingGeneration(pool, projection), stream ?? null],
  );
  return rows.map(({ parked_at, ...row }) => ({
    projection: projection.name as ProjectionName,
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

/** One statement, so that a runner that finds `attention` raised also finds the changed row. */
const RETRY = `
  with tried as (
    update deskwire.parked p set error = null
    from (
      select distinct on (stream) stream, version from deskwire.parked
      where generation = $1 and ($2::text is null or stream = $2) order by stream, version
    ) h
    where p.generation = $1 and p.stream = h.stream and p.version = h.version
    returning p.stream
  ), raised as (
    update deskwire.projections set attention = attention + 1 where generation = $1 and exists (select from tried)
  )
  select stream from tried`;

/** Marks a stream, or every stream, to be tried again from its earliest parked event. Returns the number of streams. */
export async function retryParked(pool: Pool, projection: Projection, stream?: string): Promise<number> {
  const { rows } = await pool.query(RETRY, [await getServingGeneration(pool, projection), stream ?? null]);
  return rows.length;
}

const SKIP = `
  with skipped as (
    delete from deskwire.parked p
    where generation = $1 and stream = $2 and ($3::bigint is null or position = $3)
      and version = (select min(version) from deskwire.parked where generation = $1 and stream = $2)
    returning p.stream, p.version, p.position, p.type, p.error, p.attempts, p.parked_at
  ), raised as (
    update deskwire.projections set attention = attention + 1 where generation = $1 and exists (select from skipped)
  )
  select *, 1 as events from skipped`;

/**
 * Skips the earliest parked event of a stream for good; the runner then tries the rest of the stream. With a `position`
 * it skips the event only if that is its position. Rejects with NothingToDoError when it is not, or when the stream has
 * no parked events.
 */
export async function skipParked(
  pool: Pool,
  projection: Projection,
  stream: string,
  position?: number,
): Promise<Pick<ParkedStream, 'stream' | 'version' | 'position' | 'type'>> {
  const { rows } = await pool.query<ParkedRow>(SKIP, [
    await getServingGeneration(pool, projection),
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
