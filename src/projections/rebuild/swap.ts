/**
 * Makes other tables serve, in one short transaction:
 *
 * - It locks the row of the serving checkpoint, so that no batch can be committed meanwhile.
 * - It applies the last few events to the new tables. Both then contain the same, so no reader goes back in time.
 * - It renames the schemas, which locks no table.
 * - It makes the checkpoint of the new tables the serving one.
 *
 * A runner that waited for the row then finds another generation and continues with it. It has announced all events up
 * to this position and announces later ones from the new tables. So each event is announced exactly once.
 *
 * The first read model of a new version takes over from the older version in the same way, but under its own name. The
 * older one then still serves the processes that run the older version, without announcements.
 */
import { DatabaseError } from 'pg';
import type { Projection, Query } from '../engine/projection.ts';
import { inTransaction, lockTables, placeOf, renameSchema, type Scripting } from '../engine/tables.ts';
import type { Build } from './builds.ts';

/** The read model that a rebuild must catch up with: of the same version or, for a new version, the current one. */
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

/** A longer wait for a lock would block the runner; the swap is tried again instead. */
const LIMITS = `set local lock_timeout = '500ms'; set local idle_in_transaction_session_timeout = '10s'`;

/** The swap cannot be done now: the new tables lack too many events. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError';
}

/** SQLSTATEs: a lock was not free in time; or an event could not be applied, which must be handled outside. */
const NOT_NOW = new Set(['55P03', '25P02']);

/**
 * Swaps the tables of `build` in. `fill` applies the missing events up to a position, on the same connection; it may
 * reject with NotNowError. Resolves to false if the swap cannot be done now. Then, and when this rejects, nothing has
 * changed.
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

/** Makes tables serve for a version without any; they take over from an older version. Call it in a transaction. */
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
