/**
 * The one policy of who may see and do what with a ticket. The API, the gateway, the projections and the
 * notification rules all ask here; none has rules of its own. Source: PROTOCOL.md section 1.
 */
import type { Category } from './ticket/events.ts';
import { isStaff, type UserFacts } from './user/identity.ts';

/** What the policy needs to know of a ticket. Relations come from the references that the ticket points at. */
export interface TicketAccess {
  readonly requesterId: string;
  readonly assigneeId: string | null;
  readonly participantIds: ReadonlySet<string>;
  readonly category: Category;
  readonly relations: TicketRelations;
}

export interface TicketRelations {
  /** The vendors of the ticket's GRN and dispatch. */
  readonly vendorIds: readonly string[];
  /** The ops user who verified the ticket's GRN. */
  readonly grnVerifiedBy?: string;
}

export function maySeeTicket(user: UserFacts, ticket: TicketAccess): boolean {
  if (!user.active) return false;
  if (user.role === 'admin' || user.role === 'agent') return true;
  if (ticket.requesterId === user.id || ticket.assigneeId === user.id) return true;
  if (ticket.participantIds.has(user.id)) return true;
  switch (user.role) {
    case 'vendor':
      return user.vendorId !== undefined && ticket.relations.vendorIds.includes(user.vendorId);
    case 'ops':
      return ticket.relations.grnVerifiedBy === user.id;
    case 'accounts':
      return ticket.category === 'payment' || ticket.category === 'invoice';
    default:
      return false;
  }
}

/** Internal notes are for the staff who may see the ticket. */
export function maySeeInternalNotes(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaff(user.role) && maySeeTicket(user, ticket);
}
