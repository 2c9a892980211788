/**
 * The head of the log is its last event, no longer a row that each append changes. A row keeps a dead version of each
 * append as long as any transaction of the server is open (pg_dump, say), and each append looked through all of them.
 * Appends still happen one after the other: each takes an advisory lock, which the end of its statement releases.
 *
 * `deskwire.log_head` is a view now. Processes of an earlier version read the position and the epoch from it, and
 * renew the epoch through it.
 */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table deskwire.log_head rename to log_epoch`.execute(db);
  await sql`alter table deskwire.log_epoch drop column position, drop column time`.execute(db);
  await sql`
    create view deskwire.log_head as
    select coalesce((select e.position from deskwire.events e order by e.position desc limit 1), 0) as position, l.epoch
    from deskwire.log_epoch l
  `.execute(db);

  await sql`
    create or replace function deskwire.append(
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
      now_at timestamptz;
    begin
      perform pg_advisory_xact_lock(hashtext('deskwire'), hashtext('append'));
      select position + 1, time into first_position, now_at from deskwire.events order by position desc limit 1;
      first_position := coalesce(first_position, 1);
      now_at := greatest(now_at, date_trunc('milliseconds', clock_timestamp()));
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
    end
    $$
  `.execute(db);
}
