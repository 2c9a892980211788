/**
 * Checkpoints: how far each read model contains the log, in `deskwire.projections`.
 *
 * A checkpoint moves only from the position that the runner knows (compare-and-set), in the statement that writes what
 * lies between. Two runners that both think they are the active one queue for the checkpoint's row; the second finds
 * that it moved, writes nothing and steps down. So nothing is ever applied twice or skipped, whatever the locks say.
 */
import { escapeIdentifier } from 'pg';
import type { Projection, Query } from './projection.ts';

export interface Checkpoint {
  readonly position: number;
  /** The schema that holds the read model. */
  readonly schema: string;
}

/** Another runner moved the checkpoint. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/** The read model was built by a newer version of the projection, which runs elsewhere. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

interface Scripting {
  readonly query: Query;
  script(text: string): Promise<void>;
}

/**
 * The checkpoint of a projection. Creates its tables when there are none, and creates them anew, empty, when they were
 * built by an older version. `schema` is where new tables go.
 */
export async function openCheckpoint(db: Scripting, projection: Projection, schema: string): Promise<Checkpoint> {
  await db.script('begin');
  try {
    await db.query('projection_lock', "select pg_advisory_xact_lock(hashtext('deskwire.projection.tables'))", []);
    const rows = await db.query(
      'projection_checkpoint',
      'select version, position, schema from deskwire.projections where name = $1',
      [projection.name],
    );
    const known = rows[0] as { version: number; position: string; schema: string } | undefined;
    if (known !== undefined && known.version > projection.version) {
      throw new SupersededError(`${projection.name} is at version ${known.version}, newer than ${projection.version}`);
    }
    const checkpoint =
      known?.version === projection.version
        ? { position: Number(known.position), schema: known.schema }
        : await createReadModel(db, projection, known?.schema ?? schema);
    await db.script('commit');
    return checkpoint;
  } catch (error) {
    await db.script('rollback').catch(() => undefined);
    throw error;
  }
}

async function createReadModel(db: Scripting, projection: Projection, schema: string): Promise<Checkpoint> {
  const name = escapeIdentifier(schema);
  await db.script(`drop schema if exists ${name} cascade; create schema ${name}; set local search_path to ${name}`);
  await db.script(projection.ddl);
  await db.query(
    'projection_create',
    `insert into deskwire.projections (name, version, position, schema) values ($1, $2, 0, $3)
     on conflict (name) do update set version = excluded.version, position = 0, schema = excluded.schema, updated_at = now()`,
    [projection.name, projection.version, schema],
  );
  return { position: 0, schema };
}

const MOVE = `update deskwire.projections set position = $4, updated_at = now()
  where name = $1 and version = $2 and position = $3`;

/** Moves a checkpoint past events that concern the projection nothing. Throws DeposedError. */
export async function moveCheckpoint(query: Query, projection: Projection, from: number, to: number): Promise<void> {
  const rows = await query('move_checkpoint', `${MOVE} returning 1`, [projection.name, projection.version, from, to]);
  if (rows.length === 0) throw new DeposedError(`${projection.name} is no longer at ${from}`);
}

/**
 * Writes a batch and moves the checkpoint in one statement, returning what the projection's `write` returned. The
 * function runs only if the checkpoint moved. Throws DeposedError.
 */
export async function commitBatch(
  query: Query,
  projection: Projection,
  schema: string,
  move: { readonly from: number; readonly to: number },
  payload: readonly unknown[],
): Promise<unknown> {
  const parameters = payload.map((_, index) => `$${index + 5}::json`).join(', ');
  const rows = await query(
    'commit_batch',
    `with checkpoint as (${MOVE} returning 1)
     select ${escapeIdentifier(schema)}.write(${parameters}) as result from checkpoint`,
    [projection.name, projection.version, move.from, move.to, ...payload.map((value) => JSON.stringify(value))],
  );
  const [row] = rows as { result: unknown }[];
  if (row === undefined) throw new DeposedError(`${projection.name} is no longer at ${move.from}`);
  return row.result;
}
