/** Who is on a ticket, and what the access policy needs to know of it. */
import type { TicketAccess, TicketRelations } from '../access.ts';
import type { TicketState } from './state.ts';

/** The ids of those on the ticket, each once: its requester, its assignee, its participants. */
export function peopleOn(ticket: TicketState): string[] {
  const people = new Set([ticket.requesterId]);
  if (ticket.assignee !== null) people.add(ticket.assignee.id);
  for (const id of Object.keys(ticket.participants)) people.add(id);
  return [...people];
}

/** The ticket as the access policy sees it. Costs nothing, however many participants there are. */
export function accessOf(ticket: TicketState, relations: TicketRelations): TicketAccess {
  return {
    requesterId: ticket.requesterId,
    assigneeId: ticket.assignee?.id ?? null,
    participantIds: { has: (id) => Object.hasOwn(ticket.participants, id) },
    category: ticket.category,
    relations,
  };
}
