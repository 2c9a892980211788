/** Queries on tickets: one ticket, and lists of the tickets that the viewer may see. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { maySeeTicket } from '../../domain/access.ts';
import type { Priority } from '../../domain/priority.ts';
import type { Category, Status } from '../../domain/ticket/fields.ts';
import { viewOf } from '../../domain/ticket/public-view.ts';
import { isStaff, type UserFacts } from '../../domain/user/identity.ts';
import { decodeNumberCursor, encodeCursor } from './cursor.ts';
import {
  accessOfView,
  type ListedTicket,
  type Page,
  type Queries,
  type TicketFilter,
  type TicketView,
} from './queries.ts';
import type { ReadModels, Run } from './read-models.ts';
import { visibleTo } from './visible-to.ts';
import { patternOf, ticketNumberIn, wordsOf } from './words.ts';

interface TicketRow {
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly internal_events: number;
  readonly revision: number;
  readonly requester_id: string;
  readonly requester_name: string;
  readonly description: string;
  readonly status: Status;
  readonly category: Category;
  readonly priority: Priority;
  readonly assignee_id: string | null;
  readonly station_id: string | null;
  readonly station_name: string | null;
  readonly grn_id: string | null;
  readonly dispatch_id: string | null;
  readonly tags: readonly string[];
  readonly participant_ids: readonly string[];
  readonly added_ids: readonly string[];
  readonly vendor_ids: readonly string[];
  readonly grn_verified_by: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

interface Deleted {
  readonly id: string;
}

const COLUMNS = `t.id, t.number, t.version, t.internal_events, t.revision, t.requester_id,
  coalesce(u.name, t.requester_name) as requester_name, t.description, t.status, t.category,
  t.priority, t.assignee_id, t.station_id, t.station_name, t.grn_id, t.dispatch_id, t.tags, t.participant_ids, t.added_ids,
  t.vendor_ids, t.grn_verified_by, t.created_at, t.updated_at`;
const CURSOR = 'tickets';
/** Numbers are integers in the read model, so no ticket has a longer one. */
const NUMBER = /^\d{1,9}$/;

export function ticketQueries(
  run: Run,
  db: Kysely<unknown>,
  models: ReadModels,
): Pick<Queries, 'ticket' | 'tickets' | 'ticketId' | 'deletedTicketId'> {
  // A requester is shown and found under their present name; the ticket keeps the one that they had.
  const ticketsNamed = `${models.tickets} t left join ${models.users} u on u.id = t.requester_id`;
  const byId = `select ${COLUMNS} from ${ticketsNamed} where t.id = $1`;
  const deletedById = `select id from ${models.deletedTickets} where id = $1`;
  const deletedByNumber = `select id from ${models.deletedTickets} where number = $1`;
  const byNumber = `select ${COLUMNS} from ${ticketsNamed} where t.number = $1`;

  const find = async (idOrNumber: string): Promise<TicketRow | undefined> => {
    if (!/^\d+$/.test(idOrNumber)) return (await run<TicketRow>('ticket_by_id', byId, [idOrNumber]))[0];
    if (!NUMBER.test(idOrNumber)) return undefined;
    return (await run<TicketRow>('ticket_by_number', byNumber, [Number(idOrNumber)]))[0];
  };

  return {
    async ticket(idOrNumber, viewer) {
      const row = await find(idOrNumber);
      if (row === undefined) return undefined;
      const ticket = ticketView(row, viewer);
      return maySeeTicket(viewer, accessOfView(ticket)) ? ticket : undefined;
    },

    async ticketId(idOrNumber) {
      return (await find(idOrNumber))?.id;
    },

    async deletedTicketId(idOrNumber) {
      const rows = /^\d+$/.test(idOrNumber)
        ? NUMBER.test(idOrNumber) && (await run<Deleted>('deleted_by_number', deletedByNumber, [Number(idOrNumber)]))
        : await run<Deleted>('deleted_by_id', deletedById, [idOrNumber]);
      return rows ? rows[0]?.id : undefined;
    },

    async tickets(filter, viewer, { cursor, limit }): Promise<Page<ListedTicket>> {
      const before = cursor === undefined ? [] : [sql`t.number < ${decodeNumberCursor(CURSOR, cursor)}`];
      const unread = unreadFor(viewer);
      const conditions = [visibleTo(viewer), ...before, ...conditionsOf(filter, unread)];
      const { rows } = await sql<TicketRow & { unread: number }>`
        select ${sql.raw(COLUMNS)}, ${unread} as unread from ${sql.raw(ticketsNamed)}
        left join ${sql.raw(models.conversations)} c on c.ticket_id = t.id
        left join ${sql.raw(models.readers)} k on k.ticket_id = t.id and k.user_id = ${viewer.id}
        where ${sql.join(conditions, sql` and `)}
        order by t.number desc limit ${limit + 1}
      `.execute(db);
      const items = rows.slice(0, limit).map((row) => ({ ...ticketView(row, viewer), unread: row.unread }));
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? encodeCursor(CURSOR, last.number) : null };
    },
  };
}

function conditionsOf(filter: TicketFilter, unread: RawBuilder<unknown>): RawBuilder<unknown>[] {
  const { status, assigneeId, requesterId, category, text, ids } = filter;
  return [
    status !== undefined && sql`t.status = ${status}`,
    assigneeId !== undefined && sql`t.assignee_id = ${assigneeId}`,
    requesterId !== undefined && sql`t.requester_id = ${requesterId}`,
    category !== undefined && sql`t.category = ${category}`,
    ids !== undefined && sql`t.id = any(${ids}::text[])`,
    ...wordsOf(text).map(hasWord),
    filter.unread !== undefined && sql`(${unread} > 0) = ${filter.unread}`,
  ].filter((condition) => condition !== false);
}

function hasWord(word: string): RawBuilder<unknown> {
  const found = sql`t.description_search || ' ' || coalesce(u.name_search, t.requester_search) like ${patternOf(word)}`;
  const number = ticketNumberIn(word);
  return number === undefined ? found : sql`(t.number = ${number} or ${found})`;
}

/** The number of messages that the viewer has not read, from a conversation `c` and the viewer's row `k` in readers. */
function unreadFor(viewer: UserFacts): RawBuilder<unknown> {
  return isStaff(viewer.role)
    ? sql`coalesce(c.all_count - coalesce(k.all_read, 0), 0)`
    : sql`coalesce(c.public_count - coalesce(k.public_read, 0), 0)`;
}

function ticketView(row: TicketRow, viewer: UserFacts): TicketView {
  return {
    id: row.id,
    number: row.number,
    version: viewOf(viewer) === 'staff' ? row.version : row.version - row.internal_events,
    revision: row.revision,
    requesterId: row.requester_id,
    requesterName: row.requester_name,
    description: row.description,
    status: row.status,
    category: row.category,
    priority: row.priority,
    assigneeId: row.assignee_id,
    stationId: row.station_id,
    stationName: row.station_name,
    grnId: row.grn_id,
    dispatchId: row.dispatch_id,
    tags: row.tags,
    participantIds: row.participant_ids,
    addedIds: row.added_ids,
    relations: {
      vendorIds: row.vendor_ids,
      ...(row.grn_verified_by !== null && { grnVerifiedBy: row.grn_verified_by }),
    },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
