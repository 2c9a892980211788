/**
 * Indexes for the bytes that a user uploaded in the last day, and for the files of deleted tickets. The index on events
 * contains the deletions only, so that another event costs one comparison.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index attachments_of_uploader on deskwire.attachments (uploader_id, created_at)`.execute(db);
  await sql`create index attachments_of_ticket on deskwire.attachments (ticket_id)`.execute(db);
  await sql`create index events_ticket_deleted on deskwire.events (time) where type = 'TicketDeleted'`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index deskwire.attachments_of_uploader, deskwire.attachments_of_ticket, deskwire.events_ticket_deleted`.execute(
    db,
  );
}
