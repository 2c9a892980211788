/**
 * Where each projection stands. The read models themselves live in one schema per projection, which the projection
 * creates (and a rebuild replaces), so that this migration never has to know their columns.
 *
 * `fillfactor` leaves room for the constant updates of the few rows to stay in their page.
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
