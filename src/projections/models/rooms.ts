/** The read model of rooms: every room that was used or configured, its members, and the time of its last event. */
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { Projection, Writes } from '../engine/projection.ts';

export const roomsProjection: Projection = {
  name: 'rooms',
  version: 1,
  // A message changes only columns without an index. A null in `private` keeps the configuration.
  ddl: `
    create table rooms (
      name text collate "C" primary key,
      private boolean not null,
      members text[] collate "C" not null,
      version integer not null,
      created_at text not null,
      updated_at text not null
    ) with (fillfactor = 70);

    create function write(rows json) returns void
    language plpgsql
    set search_path from current
    -- Force indexes: the plan made for a small table is kept while the table grows.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    as $$
    begin
      insert into rooms as r
      select n.name, coalesce(n.private, false), coalesce(n.members, '{}'), n.version, n.first_at, n.last_at
      from json_to_recordset(rows)
        as n(name text, private boolean, members text[], version integer, first_at text, last_at text)
      on conflict (name) do update set version = excluded.version, updated_at = excluded.updated_at;

      update rooms r set private = n.private, members = n.members
      from json_to_recordset(rows) as n(name text, private boolean, members text[])
      where r.name = n.name and n.private is not null;
    end $$;
  `,
  start: () => ({ fold }),
};

/** The changes that a batch makes to a room. */
interface Room {
  readonly name: string;
  private?: boolean;
  members?: readonly string[];
  version: number;
  readonly first_at: string;
  last_at: string;
}

function fold(events: readonly RecordedEvent[]): Writes | undefined {
  const rooms = new Map<string, Room>();
  for (const event of events) {
    if (!event.stream.startsWith('room.')) continue;
    const { id: name } = parseStream(event.stream);
    const room = rooms.get(name) ?? { name, version: 0, first_at: event.time, last_at: event.time };
    room.version = event.version;
    room.last_at = event.time;
    if (event.type === 'RoomConfigured') {
      room.private = event.data.private;
      room.members = event.data.members;
    }
    rooms.set(name, room);
  }
  return rooms.size === 0 ? undefined : { payload: [[...rooms.values()]] };
}
