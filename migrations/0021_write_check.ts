/**
 * A check that the log takes writes: it waits its turn as an append does, needs the same lock on the events, and writes
 * a row that it removes again. The row is wide, so that the table must grow every few checks, which a full disk
 * refuses; autovacuum shrinks it again.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table deskwire.write_checks (filler text storage plain)`.execute(db);
  await sql`
    create function deskwire.check_writes() returns void
    language plpgsql
    set lock_timeout = '1500ms'
    as $$
    begin
      perform pg_advisory_xact_lock(hashtext('deskwire'), hashtext('append'));
      lock table deskwire.events in row exclusive mode;
      insert into deskwire.write_checks values (repeat('.', 2000));
      delete from deskwire.write_checks;
    end
    $$
  `.execute(db);
}
