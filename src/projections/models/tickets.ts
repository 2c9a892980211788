/**
 * The read model of tickets in their current state, for single tickets and lists. Chat changes a ticket too (its
 * version and participants). So most batches change only a few columns without an index, and Postgres updates rows in
 * place.
 *
 * A ticket's relations through its GRN and dispatch are stored with it, so that lists can filter by them. They follow
 * the references, of which this read model keeps its own copy. Times are stored as the log's text, to keep every digit.
 * Texts that are searched are stored a second time, in the form for search.
 * Of a deleted ticket only id and number stay, so that its audit timeline can be found by number.
 */
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import { searchForm } from '../../domain/text.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { visibilityOf } from '../../domain/visibility.ts';
import type { Projection, Writes } from '../engine/projection.ts';
import { referencesSetIn } from './references.ts';

export const ticketsProjection: Projection = {
  name: 'tickets',
  version: 3,
  ddl: `
    create table tickets (
      id text collate "C" primary key,
      number integer not null,
      version integer not null,
      -- The number of events up to this version that only staff may see, and the ticket's ETag.
      internal_events integer not null,
      revision integer not null,
      requester_id text collate "C" not null,
      requester_name text not null,
      requester_search text not null,
      description text not null,
      description_search text not null,
      status text not null,
      category text not null,
      priority text not null,
      assignee_id text collate "C",
      station_id text,
      station_name text,
      grn_id text collate "C",
      dispatch_id text collate "C",
      tags text[] not null,
      participant_ids text[] collate "C" not null,
      -- Of the participants those who were added: only this gives access.
      added_ids text[] collate "C" not null,
      vendor_ids text[] collate "C" not null,
      grn_verified_by text collate "C",
      created_at text not null,
      updated_at text not null
    ) with (fillfactor = 70);
    create index tickets_by_grn on tickets (grn_id) where grn_id is not null;
    create index tickets_by_dispatch on tickets (dispatch_id) where dispatch_id is not null;

    create table deleted_tickets (
      number integer primary key,
      id text collate "C" not null
    );

    create table related (
      type text not null,
      id text collate "C" not null,
      vendor_id text,
      verified_by text,
      primary key (type, id)
    );

    create function write(deleted json, opened json, touched json, patches json, reference_rows json) returns void
    language plpgsql
    set search_path from current
    -- Force indexes: the plan made for a small table is kept while the table grows.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    as $$
    declare
      opened_ids text[] := array(select r->>'id' from json_array_elements(opened) as r);
      grn_ids text[] := array(select r->>'id' from json_array_elements(reference_rows) as r where r->>'type' = 'grn');
      dispatch_ids text[] := array(
        select r->>'id' from json_array_elements(reference_rows) as r where r->>'type' = 'dispatch'
      );
    begin
      insert into deleted_tickets
      select coalesce(d.number, t.number), d.id
      from json_to_recordset(deleted) as d(id text, number integer) left join tickets t on t.id = d.id
      where coalesce(d.number, t.number) is not null
      on conflict do nothing;

      delete from tickets t using json_to_recordset(deleted) as d(id text) where t.id = d.id;

      insert into tickets select * from json_populate_recordset(null::tickets, opened);

      update tickets t set
        version = r.version,
        internal_events = t.internal_events + r.internal_events,
        revision = t.revision + r.revision,
        updated_at = coalesce(r.updated_at, t.updated_at),
        added_ids = case
          when t.added_ids @> r.added and not t.added_ids && r.gone then t.added_ids
          else array(select p from unnest(t.added_ids) as p where p <> all (r.gone) union select unnest(r.added) order by 1)
        end,
        participant_ids = case
          when t.participant_ids @> r.joined and not t.participant_ids && r.gone then t.participant_ids
          else array(
            select p from unnest(t.participant_ids) as p where p <> all (r.gone) union select unnest(r.joined) order by 1
          )
        end
      from json_to_recordset(touched) as r(
        id text, version integer, internal_events integer, revision integer, updated_at text,
        joined text[], added text[], gone text[]
      )
      where t.id = r.id;

      update tickets t set (status, description, description_search, category, priority, assignee_id, tags) = (
        select n.status, n.description, n.description_search, n.category, n.priority, n.assignee_id, n.tags
        from json_populate_record(t, p) as n
      )
      from json_array_elements(patches) as p
      where t.id = p->>'id';

      insert into related
      select r.type, r.id, r."vendorId", r."verifiedBy"
      from json_to_recordset(reference_rows) as r(type text, id text, "vendorId" text, "verifiedBy" text)
      where r.type in ('grn', 'dispatch')
      on conflict (type, id) do update set vendor_id = excluded.vendor_id, verified_by = excluded.verified_by;

      if opened_ids <> '{}' or grn_ids <> '{}' or dispatch_ids <> '{}' then
        update tickets t set
          vendor_ids = array(
            select distinct f.vendor_id from related f
            where f.vendor_id is not null
              and ((f.type = 'grn' and f.id = t.grn_id) or (f.type = 'dispatch' and f.id = t.dispatch_id))
          ),
          grn_verified_by = (select f.verified_by from related f where f.type = 'grn' and f.id = t.grn_id)
        where (t.id = any (opened_ids) and (t.grn_id is not null or t.dispatch_id is not null))
          or t.grn_id = any (grn_ids) or t.dispatch_id = any (dispatch_ids);
      end if;
    end $$;
  `,
  indexes: `
    create index if not exists tickets_by_number on tickets (number);
    create index if not exists tickets_by_requester on tickets (requester_id, number);
    create index if not exists tickets_by_assignee on tickets (assignee_id, number) where assignee_id is not null;
    create index if not exists tickets_by_status on tickets (status, number);
    create index if not exists tickets_by_category on tickets (category, number);
    create index if not exists tickets_by_added on tickets using gin (added_ids);
    create index if not exists tickets_by_vendors on tickets using gin (vendor_ids);
    create index if not exists tickets_by_verifier on tickets (grn_verified_by, number) where grn_verified_by is not null;
    create index if not exists deleted_tickets_by_id on deleted_tickets (id);
  `,
  start: () => ({ fold }),
};

/** The changes that a batch makes to a ticket. */
interface Ticket {
  readonly id: string;
  /** The row without version, time and participants, when the batch opens the ticket. */
  opened: Columns | undefined;
  /** The changed columns of a ticket that was opened before the batch. */
  patch: Columns | undefined;
  version: number;
  /** Of the batch: the events that only staff may see, and those that change the ticket. */
  internalEvents: number;
  revision: number;
  updatedAt: string | undefined;
  readonly joined: Set<string>;
  readonly added: Set<string>;
  readonly gone: Set<string>;
}

type Columns = Readonly<Record<string, unknown>>;

function fold(events: readonly RecordedEvent[]): Writes | undefined {
  const tickets = new Map<string, Ticket>();
  /** Numbers by id; undefined when the ticket was opened before the batch. */
  const deleted = new Map<string, unknown>();
  for (const event of events) {
    if (!event.stream.startsWith('ticket.')) continue;
    const { id } = parseStream(event.stream);
    if (event.type === 'TicketDeleted') {
      deleted.set(id, tickets.get(id)?.opened?.number);
      tickets.delete(id);
      continue;
    }
    let ticket = tickets.get(id);
    if (ticket === undefined) {
      ticket = {
        id,
        opened: undefined,
        patch: undefined,
        version: 0,
        internalEvents: 0,
        revision: 0,
        updatedAt: undefined,
        joined: new Set(),
        added: new Set(),
        gone: new Set(),
      };
      tickets.set(id, ticket);
    }
    addTo(ticket, event as RecordedEvent<TicketEvent>);
  }
  const references = referencesSetIn(events);
  if (tickets.size === 0 && deleted.size === 0 && references.length === 0) return undefined;
  return { payload: payloadOf([...tickets.values()], deleted, references) };
}

function addTo(ticket: Ticket, event: RecordedEvent<TicketEvent>): void {
  ticket.version = event.version;
  // A read is no update, and neither is an internal note.
  if (visibilityOf(event) === 'internal') {
    ticket.internalEvents++;
    return;
  }
  if (event.type !== 'TicketRead') {
    ticket.updatedAt = event.time;
    ticket.revision++;
  }
  switch (event.type) {
    case 'TicketOpened':
      ticket.opened = openedColumns(event);
      return;
    case 'TicketChanged': {
      const changed = changedColumns(event.data.changes);
      if (ticket.opened) ticket.opened = { ...ticket.opened, ...changed };
      else ticket.patch = { ...ticket.patch, ...changed };
      return;
    }
    case 'ParticipantAdded':
      join(ticket, event.data.userId);
      ticket.added.add(event.data.userId);
      return;
    case 'MessagePosted':
      join(ticket, event.metadata.actor.id);
      return;
    case 'ParticipantRemoved':
      ticket.joined.delete(event.data.userId);
      ticket.added.delete(event.data.userId);
      ticket.gone.add(event.data.userId);
  }
}

/** `gone` is applied before `joined`, so somebody removed and back again is in both, and no longer added. */
function join({ joined }: Ticket, userId: string): void {
  joined.add(userId);
}

function openedColumns({ data, time }: RecordedEvent<Extract<TicketEvent, { type: 'TicketOpened' }>>): Columns {
  return {
    number: data.number,
    requester_id: data.requesterId,
    requester_name: data.requesterName,
    requester_search: searchForm(data.requesterName),
    description: data.description,
    description_search: searchForm(data.description),
    status: 'open',
    category: data.category,
    priority: data.priority,
    station_id: data.stationId,
    station_name: data.stationName,
    grn_id: data.grnId,
    dispatch_id: data.dispatchId,
    tags: data.tags,
    vendor_ids: [],
    created_at: time,
  };
}

function changedColumns(changes: Extract<TicketEvent, { type: 'TicketChanged' }>['data']['changes']): Columns {
  const { status, description, category, priority, assignee, tags } = changes;
  return {
    ...(status && { status: status.to }),
    ...(description && { description: description.to, description_search: searchForm(description.to) }),
    ...(category && { category: category.to }),
    ...(priority && { priority: priority.to }),
    ...(assignee && { assignee_id: assignee.to?.id ?? null }),
    ...(tags && { tags: tags.to }),
  };
}

function payloadOf(
  tickets: readonly Ticket[],
  deleted: ReadonlyMap<string, unknown>,
  references: readonly unknown[],
): unknown[] {
  const opened: Columns[] = [];
  const touched: Columns[] = [];
  const patches: Columns[] = [];
  for (const { id, version, internalEvents, revision, updatedAt, joined, added, gone, ...ticket } of tickets) {
    const counted = { id, version, internal_events: internalEvents, revision, updated_at: updatedAt };
    if (ticket.opened) {
      const people = { participant_ids: [...joined].sort(), added_ids: [...added].sort() };
      opened.push({ ...counted, ...people, ...ticket.opened });
      continue;
    }
    touched.push({ ...counted, joined: [...joined], added: [...added], gone: [...gone] });
    if (ticket.patch) patches.push({ id, ...ticket.patch });
  }
  const gone = Array.from(deleted, ([id, number]) => ({ id, number }));
  return [gone, opened, touched, patches, references];
}
