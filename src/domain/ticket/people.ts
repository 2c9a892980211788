/** Who is on a ticket, what the access policy needs to know of it, and the ticket as a viewer sees it. */
import type { TicketAccess, TicketRelations } from '../access.ts';
import type { UserFacts } from '../user/identity.ts';
import { shownVersion, viewOf } from './public-view.ts';
import type { TicketRow, TicketState } from './state.ts';

/**
 * The ids of those who may be concerned by what happens on the ticket, each once: its requester, its assignee, and
 * everyone added or having posted, notes included.
 */
export function peopleOn(ticket: TicketState): string[] {
  const people = new Set([ticket.requesterId]);
  if (ticket.assignee !== null) people.add(ticket.assignee.id);
  for (const id of Object.keys(ticket.participants)) people.add(id);
  return [...people];
}

/** Those added, and those who posted a public message, in order. */
export function participantIdsOf({ added, posted }: TicketState): string[] {
  return Object.keys({ ...added, ...posted }).toSorted();
}

/** Whether somebody is a participant as everybody on the ticket may know. */
export function participates({ added, posted }: TicketState, userId: string): boolean {
  return Object.hasOwn(added, userId) || Object.hasOwn(posted, userId);
}

/** The ticket as the access policy sees it. Costs nothing, however many participants there are. */
export function accessOf(ticket: TicketState, relations: TicketRelations): TicketAccess {
  return {
    requesterId: ticket.requesterId,
    assigneeId: ticket.assignee?.id ?? null,
    participantIds: { has: (id) => Object.hasOwn(ticket.added, id) },
    category: ticket.category,
    relations,
  };
}

/** The state as its viewer sees it. */
export function rowOf(ticket: TicketState, viewer: UserFacts): TicketRow {
  const { version, internalVersions, assignee, ...others } = ticket;
  return {
    ...others,
    version: shownVersion(version, internalVersions, viewOf(viewer)),
    assigneeId: assignee?.id ?? null,
    participantIds: participantIdsOf(ticket),
  };
}
