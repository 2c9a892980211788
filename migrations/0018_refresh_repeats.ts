/**
 * For repeated refreshes: the salt from which the next token is derived again, and the client that used the token.
 * Tokens that were used before this migration have neither, and cannot be repeated.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table deskwire.refresh_tokens
      add column successor_salt bytea,
      add column used_by bytea,
      add column repeated_at timestamptz`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table deskwire.refresh_tokens
      drop column successor_salt, drop column used_by, drop column repeated_at`.execute(db);
}
