/**
 * The checkpoint of each projection. The read models are in a schema for each projection. The projection creates it,
 * and a rebuild replaces it, so migrations do not know the columns.
 *
 * `fillfactor` leaves room in a page, because the few rows are updated all the time.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create schema if not exists deskwire`.execute(db);
  await sql`
    create table deskwire.projections (
      name text primary key,
      version integer not null,
      -- The last position of the log that the read model contains.
      position bigint not null,
      schema text not null,
      updated_at timestamptz not null default now()
    ) with (fillfactor = 10)
  `.execute(db);
}
