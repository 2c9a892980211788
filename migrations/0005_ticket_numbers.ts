/** The last ticket number given out, in a row instead of a sequence, which skips up to 32 numbers after a crash. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop sequence if exists deskwire.ticket_number`.execute(db);
  await sql`
    create table deskwire.ticket_numbers (
      only_row boolean primary key default true check (only_row),
      last bigint not null
    )`.execute(db);
  await sql`insert into deskwire.ticket_numbers (last) values (0)`.execute(db);
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table deskwire.ticket_numbers`.execute(db);
  await sql`create sequence deskwire.ticket_number as bigint`.execute(db);
}
