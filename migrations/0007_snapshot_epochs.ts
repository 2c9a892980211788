/** The epoch in which a snapshot was folded: one of lost history must not be taken for a state of the log. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Snapshots are a cache: it is cheaper to fold them again than to guess of which epoch they are.
  await sql`truncate deskwire.snapshots`.execute(db);
  await sql`alter table deskwire.snapshots add column epoch uuid not null`.execute(db);
}
