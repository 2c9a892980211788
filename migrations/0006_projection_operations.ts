/**
 * Operations on projections: read models of several versions side by side, rebuilds, pauses, parked events.
 *
 * Read models from before are dropped: they had other schema names. The next start builds them again from the log.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ schema: string }>`select schema from deskwire.projections`.execute(db);
  for (const { schema } of rows) await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(db);
  await sql`delete from deskwire.projections`.execute(db);

  // Each set of tables that is filled has a number of its own, which stays when the tables are renamed.
  await sql`create sequence deskwire.generations`.execute(db);
  await sql`
    alter table deskwire.projections
      drop constraint projections_pkey,
      add primary key (name, version),
      add column generation bigint not null default nextval('deskwire.generations'),
      -- The version that tells devices of what is new; others that are still in use are kept up to date silently.
      add column current boolean not null,
      add column paused boolean not null default false,
      -- Raised by whoever gave an order (pause, resume, retry, skip): the runner sees it with its next commit.
      add column attention bigint not null default 0
  `.execute(db);
  await sql`create unique index projections_one_current on deskwire.projections (name) where current`.execute(db);

  // Tables that do not serve: the next ones, which are being filled, and the previous ones, kept for a rollback.
  await sql`
    create table deskwire.projection_builds (
      generation bigint primary key default nextval('deskwire.generations'),
      name text not null,
      version integer not null,
      role text not null check (role in ('next', 'previous')),
      schema text not null,
      position bigint not null,
      started_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (name, version, role)
    ) with (fillfactor = 10)
  `.execute(db);

  await sql`
    create table deskwire.parked (
      generation bigint not null,
      stream text collate "C" not null,
      version integer not null,
      position bigint not null,
      type text not null,
      -- Null: it waits behind an earlier event of its stream or, if it is the earliest, for its next try.
      error text,
      attempts integer not null,
      parked_at timestamptz not null default now(),
      primary key (generation, stream, version)
    )
  `.execute(db);
}
