/**
 * The keys (`Idempotency-Key`) of requests whose command id is made of another name: of a message's `clientMessageId`.
 * The event log has only that name, so it cannot say for which request the key was used.
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
