/** Tables that do not serve: the ones that a rebuild fills (`next`), and the ones that served before (`previous`). */
import { escapeIdentifier } from 'pg';
import type { Projection, Query } from '../engine/projection.ts';
import { createTablesToFill, inTransaction, lockTables, placeOf, type Scripting } from '../engine/tables.ts';

export interface Build {
  readonly generation: number;
  readonly schema: string;
  /** The last position of the log that the tables contain. */
  readonly position: number;
}

export type BuildRole = 'next' | 'previous';

export async function findBuild(query: Query, projection: Projection, role: BuildRole): Promise<Build | undefined> {
  const [row] = (await query(
    'find_build',
    `select generation, schema, position from deskwire.projection_builds where name = $1 and version = $2 and role = $3`,
    [projection.name, projection.version, role],
  )) as { generation: string; schema: string; position: string }[];
  if (row === undefined) return undefined;
  return { generation: Number(row.generation), schema: row.schema, position: Number(row.position) };
}

/** Creates empty tables to be filled. `schema` is the one that serves. */
export async function beginBuild(db: Scripting, projection: Projection, schema: string): Promise<Build> {
  const next = placeOf(schema, 'next');
  return inTransaction(db, async () => {
    await lockTables(db.query);
    await createTablesToFill(db, projection, next);
    const [row] = (await db.query(
      'begin_build',
      `insert into deskwire.projection_builds (name, version, role, schema, position) values ($1, $2, 'next', $3, 0)
       returning generation`,
      [projection.name, projection.version, next],
    )) as { generation: string }[];
    return { generation: Number(row?.generation), schema: next, position: 0 };
  });
}

/** Drops tables that do not serve, with their parked events. No process may read or fill them. */
export async function dropBuild(db: Scripting, { generation, schema }: Build): Promise<void> {
  await inTransaction(db, async () => {
    await lockTables(db.query);
    await db.query('forget_build', 'delete from deskwire.projection_builds where generation = $1', [generation]);
    await db.query('forget_parked', 'delete from deskwire.parked where generation = $1', [generation]);
    await db.script(`drop schema if exists ${escapeIdentifier(schema)} cascade`);
  });
}
