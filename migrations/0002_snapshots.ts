/** Folded states of long streams. The table is a cache of the log and may be emptied at any time. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // `json`, not `jsonb`: a state is only read as a whole, and `json` keeps every string unchanged.
  await sql`
    create table deskwire.snapshots (
      stream text collate "C" primary key,
      version bigint not null,
      state_version integer not null,
      state json not null,
      saved_at timestamptz not null default now()
    )`.execute(db);
}
