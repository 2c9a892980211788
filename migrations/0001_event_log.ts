/**
 * The event log: one row that holds its head, the events, and the function that appends to them.
 *
 * `append` first moves the head, which locks its row until the statement commits. So appends run one after the other,
 * and positions become visible in order and without gaps. It is called as a statement of its own, never inside an open
 * transaction. Then it writes at once, and the unique indexes find conflicts. Conflicts are rare, and to look up every
 * stream and command before the write costs a third of the throughput. No index finds a stream that is shorter than
 * the writer believes (after a restored backup), so the predecessor of each append's first event is looked up.
 *
 * Lists come as text, joined by U+001F, which JSON text cannot contain. Postgres splits such text several times faster
 * than it parses JSON or arrays of quoted strings. `expected_versions` is empty for all but the first event of each
 * append; `command_ids` for all but the first event of each command.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create schema if not exists deskwire`.execute(db);

  await sql`
    create table deskwire.log_head (
      singleton boolean primary key default true check (singleton),
      position bigint not null,
      epoch uuid not null,
      time timestamptz not null
    ) with (fillfactor = 10)
  `.execute(db);
  await sql`
    insert into deskwire.log_head (position, epoch, time) values (0, gen_random_uuid(), '1970-01-01T00:00:00Z')
  `.execute(db);

  await sql`
    create table deskwire.events (
      position bigint primary key,
      stream text collate "C" not null,
      version integer not null check (version > 0),
      id uuid not null,
      type text not null,
      data json not null,
      metadata json not null,
      time timestamptz not null,
      command_id text collate "C"
    )
  `.execute(db);
  await sql`create unique index events_stream_version on deskwire.events (stream, version)`.execute(db);
  await sql`
    create unique index events_stream_command on deskwire.events (stream, command_id) where command_id is not null
  `.execute(db);

  // The last ticket number. It is a row and not a sequence: a sequence skips up to 32 numbers after a crash.
  await sql`
    create table deskwire.ticket_numbers (
      singleton boolean primary key default true check (singleton),
      last bigint not null
    )
  `.execute(db);
  await sql`insert into deskwire.ticket_numbers (last) values (0)`.execute(db);

  await sql`
    create function deskwire.append(
      appends text, streams text, versions text, expected_versions text,
      ids text, types text, data text, metadata text, command_ids text, size integer,
      out first_position bigint, out recorded_at bigint, out refused json
    )
    language plpgsql
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    as $$
    declare
      unit constant text := E'\\x1f';
      append_list constant integer[] := string_to_array(appends, unit)::integer[];
      stream_list constant text[] := string_to_array(streams, unit);
      version_list constant integer[] := string_to_array(versions, unit)::integer[];
      expected_list constant integer[] := string_to_array(expected_versions, unit, '')::integer[];
      id_list constant text[] := string_to_array(ids, unit);
      type_list constant text[] := string_to_array(types, unit);
      data_list constant text[] := string_to_array(append.data, unit);
      metadata_list constant text[] := string_to_array(append.metadata, unit);
      command_list constant text[] := string_to_array(command_ids, unit, '');
      refused_list integer[] := '{}';
      written integer;
      now_at timestamptz;
    begin
      update deskwire.log_head
        set position = position + size, time = greatest(time, date_trunc('milliseconds', clock_timestamp()))
        returning position - size + 1, time into first_position, now_at;
      recorded_at := extract(epoch from now_at) * 1000;

      if not exists (
        select from unnest(stream_list, expected_list) as a(stream, expected)
        where a.expected > 0 and not exists (
          select from deskwire.events e where e.stream = a.stream and e.version = a.expected offset 0
        )
      ) then
        begin
          insert into deskwire.events (position, stream, version, id, type, data, metadata, time, command_id)
          select append.first_position - 1 + n, e.stream, e.version, e.id::uuid, e.type, e.data::json, e.metadata::json,
            now_at, e.command_id
          from unnest(stream_list, version_list, id_list, type_list, data_list, metadata_list, command_list)
            with ordinality as e(stream, version, id, type, data, metadata, command_id, n);
          return;
        exception when unique_violation then
          null;
        end;
      end if;

      with checked as (
        select a.append,
          coalesce((
            select e.version from deskwire.events e where e.stream = a.stream order by e.version desc limit 1
          ), 0) as version,
          a.expected
        from unnest(append_list, stream_list, expected_list) as a(append, stream, expected)
        where a.expected is not null
      ), repeated as (
        select c.append, json_agg(c.command_id) as command_ids
        from unnest(append_list, stream_list, command_list) as c(append, stream, command_id)
        where c.command_id is not null and exists (
          select from deskwire.events e where e.stream = c.stream and e.command_id = c.command_id offset 0
        )
        group by c.append
      ), refusal as (
        select c.append, c.version, r.command_ids
        from checked c left join repeated r on r.append = c.append
        where c.version <> c.expected or r.append is not null
      )
      select array_agg(r.append), json_agg(r) into refused_list, refused from refusal r;

      insert into deskwire.events (position, stream, version, id, type, data, metadata, time, command_id)
      select append.first_position - 1 + row_number() over (order by n), e.stream, e.version, e.id::uuid, e.type,
        e.data::json, e.metadata::json, now_at, e.command_id
      from unnest(append_list, stream_list, version_list, id_list, type_list, data_list, metadata_list, command_list)
        with ordinality as e(append, stream, version, id, type, data, metadata, command_id, n)
      where e.append <> all (coalesce(refused_list, '{}'));
      get diagnostics written = row_count;
      update deskwire.log_head set position = position - (size - written);
    end
    $$
  `.execute(db);
}
