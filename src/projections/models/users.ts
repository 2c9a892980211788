/**
 * The read model of registered users in their current state. `version` is the version of the user's stream, which also
 * contains inbox events, so that a change can name the version that it was made for.
 */
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import { searchForm } from '../../domain/text.ts';
import type { UserEvent } from '../../domain/user/events.ts';
import type { Projection, Writes } from '../engine/projection.ts';
import { type UserPatch, userPatchOf } from './user-patch.ts';

export const usersProjection: Projection = {
  name: 'users',
  version: 3,
  // A patch names only the columns that change; `json_populate_record` keeps the others.
  ddl: `
    create table users (
      id text collate "C" primary key,
      name text not null,
      name_search text not null,
      role text not null,
      active boolean not null,
      email text,
      email_search text,
      vendor_id text,
      version integer not null
    );

    create function write(registered json, patches json) returns void
    language plpgsql
    set search_path from current
    -- Force indexes: the plan made for a small table is kept while the table grows.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    as $$
    begin
      insert into users select * from json_populate_recordset(null::users, registered)
      on conflict (id) do update set name = excluded.name,
        name_search = excluded.name_search, email_search = excluded.email_search, role = excluded.role, active = excluded.active,
        email = excluded.email, vendor_id = excluded.vendor_id, version = excluded.version;

      update users u set (name, name_search, role, active, email, email_search, vendor_id, version) =
        (select n.name, n.name_search, n.role, n.active, n.email, n.email_search, n.vendor_id, n.version from json_populate_record(u, p) as n)
      from json_array_elements(patches) as p
      where u.id = p->>'id';
    end $$;
  `,
  indexes: 'create index if not exists users_by_role on users (role, id)',
  start: () => ({ fold }),
};

type UserRow = UserPatch & {
  readonly version: number;
  readonly name_search?: string;
  readonly email_search?: string | null;
};

/** Adds name and email in the form for search. */
function searchable(patch: UserPatch, version: number): UserRow {
  const { name, email } = patch;
  return {
    ...patch,
    version,
    ...(name !== undefined && { name_search: searchForm(name) }),
    ...(email !== undefined && { email_search: email === null ? null : searchForm(email) }),
  };
}

/** A user who registers in the batch is written as a whole row, later changes included; other users are patched. */
function fold(events: readonly RecordedEvent[]): Writes | undefined {
  const registered = new Map<string, UserRow>();
  const patches = new Map<string, UserRow>();
  for (const event of events) {
    if (!event.stream.startsWith('user.')) continue;
    const { id } = parseStream(event.stream);
    const row = searchable(userPatchOf(id, event as RecordedEvent<UserEvent>), event.version);
    if (event.type === 'UserRegistered') {
      patches.delete(id);
      registered.set(id, row);
    } else {
      const target = registered.has(id) ? registered : patches;
      target.set(id, { ...target.get(id), ...row });
    }
  }
  if (registered.size === 0 && patches.size === 0) return undefined;
  return { payload: [[...registered.values()], [...patches.values()]] };
}
