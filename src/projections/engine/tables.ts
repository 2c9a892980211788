/**
 * The schemas that hold read models. The serving schema always has the same name (`deskwire_tickets_1`: projection and
 * version), so that queries need not know about rebuilds. A swap gives that name to other tables by renaming schemas.
 *
 *   deskwire_tickets_1            serves
 *   deskwire_tickets_1_next       is being filled by a rebuild
 *   deskwire_tickets_1_swapped    served until a moment ago
 *   deskwire_tickets_1_previous   served before, kept for a rollback
 *
 * Renaming a schema locks none of its tables, so neither it nor a query waits for the other. The rename also makes
 * every connection plan its statements again, prepared ones too, so that the next execution finds the new tables. There
 * is one exception: a statement that is planned for the first time at that moment may keep a plan for the old tables.
 * So the old schema is renamed once more, from `swapped` to `previous`, before anything is written to the new tables.
 * Until then old and new tables hold the same rows; after it no plan is left that reads the old ones.
 */
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Projection, Query } from './projection.ts';

export interface Scripting {
  readonly query: Query;
  /** Runs statements without parameters. */
  script(text: string): Promise<void>;
}

export type Place = 'next' | 'swapped' | 'previous';

export function placeOf(schema: string, place: Place): string {
  return `${schema}_${place}`;
}

/** Creates the empty tables of a projection, and drops the schema that was there. For use in a transaction. */
export async function createTables(db: Scripting, projection: Projection, schema: string): Promise<void> {
  await createBareTables(db, projection, schema);
  if (projection.indexes !== undefined) await db.script(projection.indexes);
}

async function createBareTables(db: Scripting, projection: Projection, schema: string): Promise<void> {
  const name = escapeIdentifier(schema);
  await db.script(`drop schema if exists ${name} cascade; create schema ${name}; set local search_path to ${name}`);
  await db.script(projection.ddl);
}

/**
 * Creates the empty tables for a rebuild: without indexes and autovacuum, which `completeTables` adds after the tables
 * are filled. For use in a transaction.
 */
export async function createTablesToFill(db: Scripting, projection: Projection, schema: string): Promise<void> {
  await createBareTables(db, projection, schema);
  for (const table of await tablesIn(db.query, schema)) {
    await db.script(`alter table ${table} set (autovacuum_enabled = off)`);
  }
}

/** Adds indexes and autovacuum, and analyzes the tables for the planner. The search path must be the schema. */
export async function completeTables(db: Scripting, projection: Projection, schema: string): Promise<void> {
  if (projection.indexes !== undefined) await db.script(projection.indexes);
  const tables = await tablesIn(db.query, schema);
  for (const table of tables) await db.script(`alter table ${table} reset (autovacuum_enabled)`);
  if (tables.length > 0) await db.script(`analyze ${tables.join(', ')}`);
}

/** Lists the tables of a schema, quoted for SQL. */
async function tablesIn(query: Query, schema: string): Promise<string[]> {
  const rows = (await query(
    'tables_in',
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1",
    [schema],
  )) as { name: string }[];
  return rows.map((row) => row.name);
}

/** Renames a schema and sets the search path of its functions to the new name. For use in a transaction. */
export async function renameSchema(db: Scripting, from: string, to: string): Promise<void> {
  await db.script(`alter schema ${escapeIdentifier(from)} rename to ${escapeIdentifier(to)}`);
  await db.script(`
    do $do$
    declare
      moved text;
    begin
      for moved in select p.oid::regprocedure from pg_proc p where p.pronamespace = ${namespace(to)} loop
        execute format('alter function %s set search_path to %I', moved, ${escapeLiteral(to)});
      end loop;
    end $do$`);
}

function namespace(schema: string): string {
  return `${escapeLiteral(escapeIdentifier(schema))}::regnamespace`;
}

/** Finishes an unfinished swap, if there is one. After this no plan reads the tables that served before. */
export async function finishSwap(db: Scripting, schema: string): Promise<void> {
  const swapped = placeOf(schema, 'swapped');
  if (!(await exists(db.query, swapped))) return;
  await inTransaction(db, async () => {
    await lockTables(db.query);
    if (await exists(db.query, swapped)) await renameSchema(db, swapped, placeOf(schema, 'previous'));
  });
}

async function exists(query: Query, schema: string): Promise<boolean> {
  const [row] = (await query('schema_exists', 'select to_regnamespace($1) is not null as exists', [
    escapeIdentifier(schema),
  ])) as { exists: boolean }[];
  return row?.exists === true;
}

/** Takes the lock under which schemas are created, renamed and dropped. The transaction's end releases it. */
export async function lockTables(query: Query): Promise<void> {
  await query('tables_lock', "select pg_advisory_xact_lock(hashtext('deskwire.projection.tables'))", []);
}

export async function inTransaction<T>(db: Scripting, work: () => Promise<T>): Promise<T> {
  await db.script('begin');
  try {
    const result = await work();
    await db.script('commit');
    return result;
  } catch (error) {
    await db.script('rollback').catch(() => undefined);
    throw error;
  }
}
