/** The people on a ticket, the facts for the access policy, and the ticket as a viewer sees it. */
import type { TicketAccess, TicketRelations } from '../access.ts';
import type { UserFacts } from '../user/identity.ts';
import { shownVersion, viewOf } from './public-view.ts';
import type { TicketRow, TicketState } from './state.ts';

/**
 * The ids of the users whom an event of the ticket may concern, each once: the requester, the assignee, the users who
 * were added, and the authors of messages and notes.
 */
export function peopleOn(ticket: TicketState): string[] {
  const people = new Set([ticket.requesterId]);
  if (ticket.assignee !== null) people.add(ticket.assignee.id);
  for (const id of Object.keys(ticket.participants)) people.add(id);
  return [...people];
}

/** The users who were added or posted a public message, in the order of their ids. */
export function participantIdsOf({ added, posted }: TicketState): string[] {
  return Object.keys({ ...added, ...posted }).toSorted();
}

/** Whether the user is a participant for everybody on the ticket. The author of notes alone is not. */
export function participates({ added, posted }: TicketState, userId: string): boolean {
  return Object.hasOwn(added, userId) || Object.hasOwn(posted, userId);
}

/** The ticket as the access policy sees it. The cost does not depend on the number of participants. */
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
