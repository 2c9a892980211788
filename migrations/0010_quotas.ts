/** The use of daily quotas. A user has one row for each quota, which is overwritten on the next day. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table deskwire.quotas (
      user_id text not null,
      quota text not null,
      day date not null,
      used bigint not null,
      -- The last grant: a statement that takes the rest of a quota returns it.
      granted bigint not null,
      primary key (user_id, quota)
    )
  `.execute(db);
}
