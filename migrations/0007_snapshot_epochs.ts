/** The epoch in which a snapshot was folded: a snapshot of a lost history is no state of the log. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The epoch of old snapshots is not known. Snapshots are a cache, so they are folded again.
  await sql`truncate deskwire.snapshots`.execute(db);
  await sql`alter table deskwire.snapshots add column epoch uuid not null`.execute(db);
}
