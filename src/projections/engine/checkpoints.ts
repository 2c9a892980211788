/**
 * Checkpoints: the position up to which a set of tables contains the log. Checkpoints of serving tables are in
 * `deskwire.projections`, by name and version. Checkpoints of tables that a rebuild fills, or that are kept for a
 * rollback, are in `deskwire.projection_builds`.
 *
 * A checkpoint moves by compare-and-set from the position that the writer knows, in the same statement that writes the
 * batch. Two runners that both take themselves for the active one queue for the checkpoint's row. The second one finds
 * that the checkpoint moved, writes nothing and stops. So no event is applied twice or skipped, whatever the locks say.
 * A runner whose tables were swapped for others stops too, because the generation is not the one that it knows.
 *
 * Events from memory or JetStream may belong to a history that is gone, because an older backup was restored a moment
 * ago. So the same statement checks that the log has every event of the batch. It checks all of them, because a batch
 * may begin with events of the old history and end with events of the new one.
 */
import { escapeIdentifier } from 'pg';
import type { Projection, Query } from './projection.ts';

export interface Checkpoint {
  readonly position: number;
  /** The schema that holds the read model. */
  readonly schema: string;
  /** Identifies this set of tables; every rebuild makes a new generation. */
  readonly generation: number;
  /** Whether this version is the one that notifies devices. */
  readonly current: boolean;
  readonly paused: boolean;
  /** Raised by every order of an operator. */
  readonly attention: number;
}

/** Another runner moved the checkpoint, or other tables replaced these. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/** No read model of this version exists: it was never built, or it was dropped. */
export class MissingReadModelError extends Error {
  override readonly name = 'MissingReadModelError';
}

/** The tables that an applier writes to. */
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

/** Reads the checkpoint of the read model that serves this version. Rejects with MissingReadModelError. */
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
  /** The ids of all events after `from`, in order. Needed when an event may come from a source other than the log. */
  readonly ids?: readonly string[] | undefined;
}

export interface ParkedEvent {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** Null for an event that waits behind another one of its stream. */
  readonly error: string | null;
  readonly attempts: number;
}

export interface Batch {
  /** The arguments of the projection's `write`. Without them only the checkpoint moves. */
  readonly payload?: readonly unknown[] | undefined;
  readonly park?: readonly ParkedEvent[] | undefined;
  /** The parked events of this stream up to this version are handled now. */
  readonly unpark?: { readonly stream: string; readonly version: number } | undefined;
}

export interface Committed {
  /** The result of the projection's `write`. */
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
