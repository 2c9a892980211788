/**
 * The keys (`Idempotency-Key`) of requests whose command is known under another name: a message with a
 * `clientMessageId`. The event log has the command under that name, so it cannot say what the key was used for.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table deskwire.request_keys (
      stream text collate "C" not null,
      -- User, use and key, as in the log.
      command_id text collate "C" not null,
      -- A hash of the request.
      fingerprint text not null,
      created_at timestamptz not null default now(),
      primary key (stream, command_id)
    )`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table deskwire.request_keys`.execute(db);
}
