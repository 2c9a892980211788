/** Folded states of long streams: a cache of the log, so that it may be emptied at any time. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // `json`, not `jsonb`: it is only ever read back whole, and any string a state holds survives in it.
  await sql`
    create table deskwire.snapshots (
      stream text collate "C" primary key,
      version bigint not null,
      state_version integer not null,
      state json not null,
      saved_at timestamptz not null default now()
    )`.execute(db);
}
