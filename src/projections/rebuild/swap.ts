/**
 * The moment at which other tables begin to serve, in one short transaction.
 *
 * It holds the row of the checkpoint that serves, so that no batch can be committed meanwhile; has the last few events
 * applied to the new tables, so that both contain the same and no reader ever goes back in time; renames the schemas,
 * which locks no table; and makes the new tables' checkpoint the one that serves. A runner that waited for the row then
 * finds another generation and starts from there. It has announced everything up to this position; what comes later it
 * announces from the new tables: nothing twice, nothing never.
 *
 * The first read model of a version that was built while another version served takes over from that one in the same
 * way, but by its own name: the other goes on serving those processes that still run the other version, silently.
 */
import { DatabaseError } from 'pg';
import type { Projection, Query } from '../engine/projection.ts';
import { inTransaction, lockTables, placeOf, renameSchema, type Scripting } from '../engine/tables.ts';
import type { Build } from './builds.ts';

/** The read model that a rebuild has to be level with: of the same version or, for a new version, the current one. */
export interface Serving {
  readonly version: number;
  readonly position: number;
  readonly schema: string;
  readonly generation: number;
}

interface ServingRow {
  readonly version: number;
  readonly position: string;
  readonly schema: string;
  readonly generation: string;
}

const SERVING = `select version, position, schema, generation from deskwire.projections
  where name = $1 and (version = $2 or current) order by (version = $2) desc limit 1`;

export async function findServing(query: Query, { name, version }: Projection): Promise<Serving | undefined> {
  return serving((await query('serving', SERVING, [name, version])) as ServingRow[]);
}

async function lockServing(query: Query, { name, version }: Projection): Promise<Serving | undefined> {
  return serving((await query('lock_serving', `${SERVING} for update`, [name, version])) as ServingRow[]);
}

function serving([row]: readonly ServingRow[]): Serving | undefined {
  return row && { ...row, position: Number(row.position), generation: Number(row.generation) };
}

/** Waiting for a lock longer than this would hold up the runner: better try again. */
const LIMITS = `set local lock_timeout = '500ms'; set local idle_in_transaction_session_timeout = '10s'`;

/** It cannot be done now: too much is missing. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError';
}

/** SQLSTATE: a lock was not free in time; an event could not be applied, which has to be dealt with outside. */
const NOT_NOW = new Set(['55P03', '25P02']);

/**
 * `fill` applies what is missing up to a position on the same session; it may reject with NotNowError. False when it could
 * not be done now; nothing has changed then, nor when this rejects.
 */
export async function swapIn(
  held: Scripting,
  projection: Projection,
  schema: string,
  build: Build,
  fill: (upTo: number) => Promise<void>,
): Promise<boolean> {
  try {
    await inTransaction(held, async () => {
      await held.script(LIMITS);
      const before = await lockServing(held.query, projection);
      if (before !== undefined) await fill(before.position);
      await lockTables(held.query);
      if (before?.version === projection.version) await exchange(held, projection, before, build);
      else await installBeside(held, projection, schema, build);
    });
    return true;
  } catch (error) {
    if (error instanceof NotNowError) return false;
    if (error instanceof DatabaseError && NOT_NOW.has(error.code ?? '')) return false;
    throw error;
  }
}

async function exchange(held: Scripting, projection: Projection, before: Serving, build: Build): Promise<void> {
  await renameSchema(held, before.schema, placeOf(before.schema, 'swapped'));
  await renameSchema(held, build.schema, before.schema);
  await held.query('end_build', 'delete from deskwire.projection_builds where generation = $1 returning position', [
    build.generation,
  ]);
  await held.query(
    'keep_previous',
    `insert into deskwire.projection_builds (generation, name, version, role, schema, position)
     values ($1, $2, $3, 'previous', $4, $5)`,
    [before.generation, projection.name, projection.version, placeOf(before.schema, 'previous'), before.position],
  );
  await held.query(
    'serve_build',
    `update deskwire.projections set generation = $3, attention = attention + 1, updated_at = now()
     where name = $1 and version = $2`,
    [projection.name, projection.version, build.generation],
  );
}

async function installBeside(held: Scripting, projection: Projection, schema: string, build: Build): Promise<void> {
  await renameSchema(held, build.schema, schema);
  const [ended] = (await held.query(
    'end_build',
    'delete from deskwire.projection_builds where generation = $1 returning position',
    [build.generation],
  )) as { position: string }[];
  await takeOver(held.query, projection, { schema, position: Number(ended?.position), generation: build.generation });
}

/** Makes tables serve a version that had none; they take over from those of an older version. For use in a transaction. */
export async function takeOver(
  query: Query,
  { name, version }: Projection,
  tables: { readonly schema: string; readonly position: number; readonly generation?: number },
): Promise<void> {
  await query(
    'retire_older',
    `update deskwire.projections set current = false, attention = attention + 1
     where name = $1 and current and version < $2`,
    [name, version],
  );
  await query(
    'serve_beside',
    `insert into deskwire.projections (name, version, position, schema, generation, current)
     select $1, $2, $3, $4, coalesce($5, nextval('deskwire.generations')),
       not exists (select from deskwire.projections where name = $1 and current)`,
    [name, version, tables.position, tables.schema, tables.generation ?? null],
  );
}
