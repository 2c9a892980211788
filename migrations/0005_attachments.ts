/**
 * Uploaded files, and the key with which links to them are signed. The bytes are on disk or in S3. The event log says
 * which message names a file; this table has a copy.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table deskwire.attachments (
      id uuid primary key,
      ticket_id text collate "C" not null,
      uploader_id text collate "C" not null,
      name text not null,
      -- Bytes.
      size integer not null,
      mime_type text not null,
      -- Where the store keeps it; follows from the id, never from the name.
      storage_key text not null,
      created_at timestamptz not null default now(),
      -- The command of the ticket's stream that means to name it in a message, and since when.
      command_id text collate "C",
      claimed_at timestamptz,
      -- Whether the message that names it is an internal note; null until the log has that message.
      internal boolean
    )`.execute(db);
  // For the sweep, and for the quota of a user.
  await sql`
    create index attachments_unused on deskwire.attachments (uploader_id, created_at) where internal is null
  `.execute(db);

  // One key: nodes that start together use the first one.
  await sql`
    create table deskwire.attachment_link_key (
      singleton boolean primary key default true check (singleton),
      secret bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table deskwire.attachments, deskwire.attachment_link_key`.execute(db);
}
