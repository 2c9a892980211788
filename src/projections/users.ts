/** The read model of users: who is registered, as they are now. */
import { parseStream, type RecordedEvent } from '../domain/event.ts';
import type { UserEvent } from '../domain/user/events.ts';
import type { Projection, Writes } from './projection.ts';
import { type UserPatch, userPatchOf } from './user-patch.ts';

export const usersProjection: Projection = {
  name: 'users',
  version: 1,
  // A patch names only the columns that change; `json_populate_record` keeps the others.
  ddl: `
    create table users (
      id text collate "C" primary key,
      name text not null,
      role text not null,
      active boolean not null,
      email text,
      vendor_id text
    );
    create index users_by_role on users (role, id);

    create function write(registered json, patches json) returns void
    language plpgsql set search_path from current as $$
    begin
      insert into users select (json_populate_record(null::users, r)).* from json_array_elements(registered) as r
      on conflict (id) do update set name = excluded.name, role = excluded.role, active = excluded.active,
        email = excluded.email, vendor_id = excluded.vendor_id;

      update users u set (name, role, active, email, vendor_id) =
        (select n.name, n.role, n.active, n.email, n.vendor_id from json_populate_record(u, p) as n)
      from json_array_elements(patches) as p
      where u.id = p->>'id';
    end $$;
  `,
  start: () => ({ fold }),
};

/** A user who registers in the batch is written whole, with what changed of them since; others are patched. */
function fold(events: readonly RecordedEvent[]): Writes | undefined {
  const registered = new Map<string, UserPatch>();
  const patches = new Map<string, UserPatch>();
  for (const event of events) {
    if (event.type !== 'UserRegistered' && event.type !== 'UserChanged') continue;
    const { id } = parseStream(event.stream);
    const patch = userPatchOf(id, event as RecordedEvent<UserEvent>);
    if (event.type === 'UserRegistered') {
      patches.delete(id);
      registered.set(id, patch);
    } else {
      const target = registered.has(id) ? registered : patches;
      target.set(id, { ...target.get(id), ...patch });
    }
  }
  if (registered.size === 0 && patches.size === 0) return undefined;
  return { payload: [[...registered.values()], [...patches.values()]] };
}
