/**
 * Authentication: the key with which every node signs, passwords, sessions with their rotating refresh tokens, counts
 * of sign-in attempts, and the latest claims of an outside identity provider about a user.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // One active key at most: nodes that start together use the first one.
  await sql`
    create table deskwire.signing_keys (
      kid text primary key,
      algorithm text not null,
      public_jwk jsonb not null,
      private_jwk jsonb not null,
      active boolean not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create unique index signing_keys_one_active on deskwire.signing_keys (active) where active`.execute(db);

  await sql`
    create table deskwire.credentials (
      user_id text primary key,
      email text not null unique,
      password_hash text not null
    )`.execute(db);

  await sql`
    create table deskwire.sessions (
      id uuid primary key,
      user_id text not null,
      expires_at timestamptz not null,
      revoked_at timestamptz
    )`.execute(db);
  await sql`create index sessions_by_user on deskwire.sessions (user_id)`.execute(db);
  await sql`
    create index sessions_revoked on deskwire.sessions (revoked_at) where revoked_at is not null`.execute(db);

  // A used token stays as long as its session, so that its reuse is detected.
  await sql`
    create table deskwire.refresh_tokens (
      hash bytea primary key,
      session_id uuid not null references deskwire.sessions (id) on delete cascade,
      used_at timestamptz
    )`.execute(db);
  await sql`create index refresh_tokens_by_session on deskwire.refresh_tokens (session_id)`.execute(db);

  // The columns that rate-limiter-flexible expects.
  await sql`
    create table deskwire.login_attempts (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    )`.execute(db);

  await sql`
    create table deskwire.outside_identities (
      user_id text primary key,
      issued_at bigint not null
    )`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`
    drop table deskwire.outside_identities, deskwire.login_attempts, deskwire.refresh_tokens, deskwire.sessions,
      deskwire.credentials, deskwire.signing_keys`.execute(db);
}
