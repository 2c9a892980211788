/** The read model of references: the objects that tickets refer to, each as it was last set. */
import type { RecordedEvent } from '../../domain/event.ts';
import type { ReferenceEvent } from '../../domain/reference/events.ts';
import type { Projection, Writes } from '../engine/projection.ts';

export const referencesProjection: Projection = {
  name: 'references',
  version: 2,
  ddl: `
    create table "references" (
      type text not null,
      id text collate "C" not null,
      name text,
      vendor_id text,
      verified_by text,
      version integer not null,
      primary key (type, id)
    );

    create function write(rows json) returns void
    language plpgsql set search_path from current as $$
    begin
      insert into "references" select r.type, r.id, r.name, r."vendorId", r."verifiedBy", r.version
      from json_to_recordset(rows)
        as r(type text, id text, name text, "vendorId" text, "verifiedBy" text, version integer)
      on conflict (type, id) do update set
        name = excluded.name, vendor_id = excluded.vendor_id, verified_by = excluded.verified_by,
        version = excluded.version;
    end $$;
  `,
  start: () => ({
    fold(events) {
      const rows = referencesSetIn(events);
      return rows.length === 0 ? undefined : ({ payload: [rows] } satisfies Writes);
    },
  }),
};

/** The references that a batch sets: one entry for each, as it was last set. */
export function referencesSetIn(events: readonly RecordedEvent[]): (ReferenceEvent['data'] & { version: number })[] {
  const references = new Map<string, ReferenceEvent['data'] & { version: number }>();
  for (const event of events) {
    if (event.type === 'ReferenceSet') references.set(event.stream, { ...event.data, version: event.version });
  }
  return [...references.values()];
}
