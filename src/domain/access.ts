/**
 * The one policy of who may see and do what with a ticket. The API, the gateway, the projections and the
 * notification rules all ask here; none has rules of its own. Source: docs/protocol.md section 1.
 *
 * Whoever may not see a ticket must not learn that it exists: refuse them with `not_found`. The other questions here
 * are for those who see it; their refusal is `forbidden`. All are false for a deactivated user.
 */
import { DeskwireError } from './errors.ts';
import type { Category } from './ticket/events.ts';
import { isStaff, type Role, type UserFacts } from './user/identity.ts';

/** What the policy needs to know of a ticket. Relations come from the references that the ticket points at. */
export interface TicketAccess {
  readonly requesterId: string;
  readonly assigneeId: string | null;
  /** A Set does; so does anything that can tell. */
  readonly participantIds: Pick<ReadonlySet<string>, 'has'>;
  readonly category: Category;
  readonly relations: TicketRelations;
}

export interface TicketRelations {
  /** The vendors of the ticket's GRN and dispatch. */
  readonly vendorIds: readonly string[];
  /** The ops user who verified the ticket's GRN. */
  readonly grnVerifiedBy?: string;
}

/**
 * A deactivated user can do nothing at all, whatever it is: their tokens have stopped working, so the answer is that of
 * a token that does not work, and says nothing about what they asked for.
 */
export function requireActive(user: UserFacts): void {
  if (!user.active) throw new DeskwireError('unauthorized', 'This account is deactivated');
}

/** Throws `forbidden`, for the answers of the questions below. */
export function requirePermission(permitted: boolean, refusal: string): void {
  if (!permitted) throw new DeskwireError('forbidden', refusal);
}

/** Whoever needs no ticket to be asked about. */
export function maySeeEveryTicket({ active, role }: UserFacts): boolean {
  return active && (role === 'admin' || role === 'agent');
}

export function maySeeTicket(user: UserFacts, ticket: TicketAccess): boolean {
  if (!user.active) return false;
  if (maySeeEveryTicket(user)) return true;
  if (ticket.requesterId === user.id || ticket.assigneeId === user.id) return true;
  if (ticket.participantIds.has(user.id)) return true;
  switch (user.role) {
    case 'vendor':
      // An empty id is nobody's: two blanks are no relation.
      return Boolean(user.vendorId) && ticket.relations.vendorIds.includes(user.vendorId ?? '');
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
  return isStaffWhoSees(user, ticket);
}

/** The audit timeline: every event, with who, when and from where. */
export function maySeeTimeline(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaffWhoSees(user, ticket);
}

/** A deleted ticket is gone for everyone, but what happened to it stays known to those who may delete. */
export function maySeeDeletedTimeline(user: UserFacts): boolean {
  return user.active && user.role === 'admin';
}

/**
 * Requesters open tickets for themselves, staff for anyone. So may `service`: the product opens tickets on behalf of
 * its users (a failed payment, an e-mail that came in); it does not thereby get to see them.
 */
export function mayOpenTicketFor(user: UserFacts, requesterId: string): boolean {
  return user.active && (user.id === requesterId || isStaff(user.role) || user.role === 'service');
}

/** Whoever sees a ticket may post in it: a vendor or a colleague who can read along is there to answer. */
export function mayPostMessage(user: UserFacts, ticket: TicketAccess): boolean {
  return maySeeTicket(user, ticket);
}

export function mayPostInternalNote(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaffWhoSees(user, ticket);
}

export function mayChangeTicket(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaffWhoSees(user, ticket);
}

/** Who may assign a ticket, to whichever member of staff. */
export function mayAssignTicket(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaffWhoSees(user, ticket);
}

/** A ticket is a job for staff: somebody who cannot change it cannot work on it. */
export function mayBeAssigned(assignee: UserFacts): boolean {
  return assignee.active && isStaff(assignee.role);
}

/** Adding somebody shows them the ticket, so it is for staff to decide. */
export function mayAddParticipant(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaffWhoSees(user, ticket);
}

/** Staff take anybody off a ticket; anybody may leave one. */
export function mayRemoveParticipant(user: UserFacts, ticket: TicketAccess, participantId: string): boolean {
  return isStaffWhoSees(user, ticket) || (user.id === participantId && maySeeTicket(user, ticket));
}

export function mayDeleteTicket(user: UserFacts, ticket: TicketAccess): boolean {
  return user.role === 'admin' && maySeeTicket(user, ticket);
}

/** Who the people are that the desk works with: for the desk to know. Everybody knows themselves. */
export function maySeeUser(user: UserFacts, userId: string): boolean {
  return user.active && (user.id === userId || isStaff(user.role));
}

export function mayListUsers(user: UserFacts): boolean {
  return user.active && isStaff(user.role);
}

/** Machines bring in the product's users; who belongs to the desk is for its admins to say. */
export function mayRegisterUser(user: UserFacts, role: Role): boolean {
  return user.active && (user.role === 'admin' || (user.role === 'service' && !isStaff(role) && role !== 'service'));
}

/** References say whose vendor may see what: for the desk, and for the product's machines that set them. */
export function maySeeReferences(user: UserFacts): boolean {
  return user.active && (isStaff(user.role) || user.role === 'service');
}

function isStaffWhoSees(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaff(user.role) && maySeeTicket(user, ticket);
}
