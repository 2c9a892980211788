/**
 * A check that the log takes writes: it waits its turn as an append does, needs the same lock on the events, and writes
 * a row that it removes again. It removes the row by its place: a search would pass the dead rows of earlier checks,
 * which stay while any transaction is open. The row is wide, so that the table must grow every few checks, which a full
 * disk refuses; autovacuum shrinks it again.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table deskwire.write_checks (filler text)`.execute(db);
  await sql`alter table deskwire.write_checks alter column filler set storage plain`.execute(db);
  await sql`
    create function deskwire.check_writes() returns void
    language plpgsql
    set lock_timeout = '1500ms'
    as $$
    declare
      place tid;
    begin
      perform pg_advisory_xact_lock(hashtext('deskwire'), hashtext('append'));
      lock table deskwire.events in row exclusive mode;
      insert into deskwire.write_checks values (repeat('.', 2000)) returning ctid into place;
      delete from deskwire.write_checks where ctid = place;
    end
    $$
  `.execute(db);
}
