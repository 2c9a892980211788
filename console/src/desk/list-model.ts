/**
 * The list of tickets as it is shown: newest first, those that match the filter. Pure functions that apply changed
 * tickets to the list, with the result that the server's list would give.
 */
import type { Category, ListTickets, Status, Ticket } from '../../../src/client/index.ts';

export interface Filter {
  readonly status?: Status;
  readonly assigneeId?: string;
  readonly category?: Category;
  readonly unread?: true;
  /** Words in the description and the requester's name. */
  readonly q?: string;
}

export function queryOf({ q, ...filter }: Filter): ListTickets {
  return { ...filter, ...(q?.trim() && { q: q.trim() }) };
}

export function isFiltered(filter: Filter): boolean {
  return Object.keys(queryOf(filter)).length > 0;
}

/** The same rule as the server's list. */
export function matches(ticket: Ticket, filter: Filter): boolean {
  const { status, assigneeId, category, unread, q = '' } = filter;
  const text = `${ticket.description} ${ticket.requesterName}`.toLowerCase();
  return (
    (status === undefined || ticket.status === status) &&
    (assigneeId === undefined || ticket.assigneeId === assigneeId) &&
    (category === undefined || ticket.category === category) &&
    (unread === undefined || ticket.unread > 0) &&
    q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  );
}

export interface Listed {
  readonly tickets: readonly Ticket[];
  /** Whether there are older tickets that are not loaded. */
  readonly hasMore: boolean;
}

/**
 * `keep`: a ticket that stays although it no longer matches the filter, because the user is reading it. A ticket older
 * than all loaded ones comes with the next page.
 */
export function withChanged(
  listed: Listed,
  changed: readonly Ticket[],
  filter: Filter,
  keep?: string,
): readonly Ticket[] {
  if (changed.length === 0) return listed.tickets;
  const news = new Map(changed.map((ticket) => [ticket.id, ticket]));
  const known = new Set<string>();
  const kept: Ticket[] = [];
  for (const before of listed.tickets) {
    const ticket = news.get(before.id) ?? before;
    known.add(before.id);
    if (ticket === before || ticket.id === keep || matches(ticket, filter)) kept.push(newer(before, ticket));
  }
  const oldest = listed.hasMore ? (listed.tickets.at(-1)?.number ?? 0) : 0;
  const added = [...news.values()].filter(
    (ticket) => !known.has(ticket.id) && ticket.number > oldest && matches(ticket, filter),
  );
  return added.length === 0 ? kept : [...kept, ...added].sort((a, b) => b.number - a.number);
}

/** The ticket with the higher version: answers may arrive out of order. */
function newer(before: Ticket, ticket: Ticket): Ticket {
  return ticket.version < before.version ? before : ticket;
}

export function withUnread(tickets: readonly Ticket[], id: string, unread: number): readonly Ticket[] {
  if (!tickets.some((ticket) => ticket.id === id && ticket.unread !== unread)) return tickets;
  return tickets.map((ticket) => (ticket.id === id ? { ...ticket, unread } : ticket));
}

export function without(tickets: readonly Ticket[], ids: ReadonlySet<string>): readonly Ticket[] {
  return tickets.some(({ id }) => ids.has(id)) ? tickets.filter(({ id }) => !ids.has(id)) : tickets;
}

/** Appends a page, without the tickets that arrived live meanwhile. */
export function withPage(tickets: readonly Ticket[], page: readonly Ticket[]): readonly Ticket[] {
  const known = new Set(tickets.map(({ id }) => id));
  return [...tickets, ...page.filter(({ id }) => !known.has(id))];
}
