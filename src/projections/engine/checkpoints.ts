/**
 * Checkpoints: how far each set of tables contains the log. Those that serve are in `deskwire.projections`, by name and
 * version; those that are being filled, or are kept for a rollback, in `deskwire.projection_builds`.
 *
 * A checkpoint moves only from the position that the writer knows (compare-and-set), in the statement that writes what
 * lies between. Two runners that both think they are the active one queue for the checkpoint's row; the second finds
 * that it moved, writes nothing and steps down. So nothing is ever applied twice or skipped, whatever the locks say.
 * The same happens to a runner whose tables were swapped for others: the generation is not the one that it knows.
 *
 * What a runner was told by memory or JetStream may be of a history that is gone, because an older backup was put back a
 * moment ago. So the log itself must have every event of what is written, in the same statement: a batch may begin with what
 * is gone and end with what came in its place.
 */
import { escapeIdentifier } from 'pg';
import type { Projection, Query } from './projection.ts';

export interface Checkpoint {
  readonly position: number;
  /** The schema that holds the read model. */
  readonly schema: string;
  /** The number of these very tables. */
  readonly generation: number;
  /** Whether this version is the one that tells devices of what is new. */
  readonly current: boolean;
  readonly paused: boolean;
  /** Another value says that an order was given. */
  readonly attention: number;
}

/** Somebody else moved the checkpoint, or other tables took the place of these. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/** There is no read model of this version: it was never built, or it was dropped. */
export class MissingReadModelError extends Error {
  override readonly name = 'MissingReadModelError';
}

/** The tables that are written to. */
export interface Target {
  readonly projection: Projection;
  readonly schema: string;
  readonly generation: number;
  readonly serving: boolean;
}

interface CheckpointRow {
  readonly position: string;
  readonly schema: string;
  readonly generation: string;
  readonly current: boolean;
  readonly paused: boolean;
  readonly attention: string;
}

/** The checkpoint of the read model that serves this version. Rejects with MissingReadModelError. */
export async function readCheckpoint(query: Query, projection: Projection): Promise<Checkpoint> {
  const [row] = (await query(
    'projection_checkpoint',
    `select position, schema, generation, current, paused, attention from deskwire.projections
     where name = $1 and version = $2`,
    [projection.name, projection.version],
  )) as CheckpointRow[];
  if (row === undefined) {
    throw new MissingReadModelError(`there is no read model of ${projection.name} in version ${projection.version}`);
  }
  return {
    ...row,
    position: Number(row.position),
    generation: Number(row.generation),
    attention: Number(row.attention),
  };
}

export interface Move {
  readonly from: number;
  readonly to: number;
  /** Those of all events after `from`, in order, for what may have been read from anywhere but the log itself. */
  readonly ids?: readonly string[] | undefined;
}

export interface ParkedEvent {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** Null for one that only waits behind another of its stream. */
  readonly error: string | null;
  readonly attempts: number;
}

export interface Batch {
  /** The arguments of the projection's `write`; without them only the checkpoint moves. */
  readonly payload?: readonly unknown[] | undefined;
  readonly park?: readonly ParkedEvent[] | undefined;
  /** Parked events of a stream that are handled now: those up to this version. */
  readonly unpark?: { readonly stream: string; readonly version: number } | undefined;
}

export interface Committed {
  /** What the projection's `write` returned. */
  readonly result: unknown;
  readonly current: boolean;
  readonly attention: number;
}

const IN_LOG = `($6::uuid[] is null or cardinality($6::uuid[]) = (
    select count(*) from unnest($6::uuid[]) with ordinality as given(id, place)
    join deskwire.events e on e.position = $4::bigint + given.place and e.id = given.id))`;
const MOVE_SERVING = `update deskwire.projections set position = $5, updated_at = now()
  where name = $1 and version = $2 and generation = $3 and position = $4 and ${IN_LOG} returning current, attention`;
const MOVE_BUILD = `update deskwire.projection_builds set position = $5, updated_at = now()
  where name = $1 and version = $2 and generation = $3 and position = $4 and ${IN_LOG}
  returning false as current, 0 as attention`;

const PARKING = `, parking as (
    insert into deskwire.parked (generation, stream, version, position, type, error, attempts)
    select $3, p.stream, p.version, p.position, p.type, p.error, p.attempts
    from checkpoint, json_to_recordset($7) as p(
      stream text, version integer, position bigint, type text, error text, attempts integer
    )
  ), unparking as (
    delete from deskwire.parked p using checkpoint
    where p.generation = $3 and p.stream = $8 and p.version <= $9
  )`;

/**
 * Writes a batch and moves the checkpoint in one statement. The projection's `write` runs only if the checkpoint moved.
 * Rejects with DeposedError.
 */
export async function commitBatch(query: Query, target: Target, move: Move, batch: Batch = {}): Promise<Committed> {
  const { projection, generation, schema, serving } = target;
  const { payload, park, unpark } = batch;
  const parking = park !== undefined || unpark !== undefined;
  const values: unknown[] = [projection.name, projection.version, generation, move.from, move.to, move.ids ?? null];
  if (parking) values.push(JSON.stringify(park ?? []), unpark?.stream ?? null, unpark?.version ?? 0);
  const first = values.length + 1;
  values.push(...(payload ?? []).map((value) => JSON.stringify(value)));
  const write = `${escapeIdentifier(schema)}.write(${payload?.map((_, index) => `$${first + index}::json`).join(', ')})`;
  const rows = await query(
    ['commit', serving ? 'serving' : 'build', payload ? 'batch' : 'move', ...(parking ? ['parking'] : [])].join('_'),
    `with checkpoint as (${serving ? MOVE_SERVING : MOVE_BUILD})${parking ? PARKING : ''}
     select ${payload ? write : 'null'} as result, current, attention from checkpoint`,
    values,
  );
  const [row] = rows as { result: unknown; current: boolean; attention: string }[];
  if (row === undefined) {
    throw new DeposedError(`${projection.name} is no longer at ${move.from}, or the log does not have what follows`);
  }
  return { result: row.result, current: row.current, attention: Number(row.attention) };
}
