/**
 * The keys with which nodes authenticate their messages to each other. They are in the database and never on NATS: a
 * process that reads the database belongs to the cluster, and NATS only carries messages. The first key is made here,
 * so that all nodes have it.
 */
import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table deskwire.cluster_keys (
      id text primary key,
      secret bytea not null,
      signs_from timestamptz not null,
      retires_at timestamptz
    )`.execute(db);
  const id = randomBytes(6).toString('base64url');
  await sql`
    insert into deskwire.cluster_keys (id, secret, signs_from) values (${id}, ${randomBytes(32)}, now())`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table deskwire.cluster_keys`.execute(db);
}
