/**
 * The device and address of sessions, which users see; one-time tokens that set a password; and replaced signing keys,
 * which verify tokens until the last token that they signed has expired.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table deskwire.sessions
      add column created_at timestamptz not null default now(),
      add column last_used_at timestamptz not null default now(),
      add column device text,
      add column address text`.execute(db);

  await sql`
    create table deskwire.password_resets (
      hash bytea primary key,
      user_id text not null,
      expires_at timestamptz not null
    )`.execute(db);
  await sql`create index password_resets_by_user on deskwire.password_resets (user_id)`.execute(db);

  await sql`alter table deskwire.signing_keys add column retired_at timestamptz`.execute(db);
}
