/**
 * The one policy: which user may see and do what. Deciders, use cases, the gateway, SQL conditions and notification
 * rules all call these functions, and no other file names a role (`scripts/lint/roles.grit` checks that).
 * Source: docs/protocol.md sections 1 and 6.
 *
 * A user who may not see a ticket must not learn that it exists: the refusal is `not_found`. Every other refusal is
 * `forbidden`. A deactivated user may do nothing.
 */
import { DeskwireError } from './errors.ts';
import type { Category } from './ticket/fields.ts';
import { isStaff, type Role, STAFF_ROLES, type UserFacts } from './user/identity.ts';

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

/** Users for whom the ticket does not matter. */
export function maySeeEveryTicket({ active, role }: Pick<UserFacts, 'active' | 'role'>): boolean {
  return active && (role === 'admin' || role === 'agent');
}

/** What makes a ticket visible to a user who is not on it, by their role. SQL conditions are built from it too. */
export type RoleRelation =
  | { readonly by: 'vendor'; readonly vendorId: string }
  | { readonly by: 'verifier'; readonly userId: string }
  | { readonly by: 'category'; readonly categories: readonly Category[] };

/** Undefined for a user whose role shows them no ticket that they are not on. */
export function relationOf({ id, role, vendorId }: UserFacts): RoleRelation | undefined {
  switch (role) {
    case 'vendor':
      // An empty id is no relation.
      return vendorId ? { by: 'vendor', vendorId } : undefined;
    case 'ops':
      return { by: 'verifier', userId: id };
    case 'accounts':
      return { by: 'category', categories: ['payment', 'invoice'] };
    default:
      return undefined;
  }
}

export function maySeeTicket(user: UserFacts, ticket: TicketAccess): boolean {
  if (!user.active) return false;
  if (maySeeEveryTicket(user)) return true;
  if (ticket.requesterId === user.id || ticket.assigneeId === user.id) return true;
  if (ticket.participantIds.has(user.id)) return true;
  const relation = relationOf(user);
  switch (relation?.by) {
    case 'vendor':
      return ticket.relations.vendorIds.includes(relation.vendorId);
    case 'verifier':
      return ticket.relations.grnVerifiedBy === relation.userId;
    case 'category':
      return relation.categories.includes(ticket.category);
    case undefined:
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
  return isActiveAdmin(user);
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
export const ASSIGNABLE_ROLES = STAFF_ROLES;

export function mayBeAssigned(assignee: UserFacts): boolean {
  return assignee.active && ASSIGNABLE_ROLES.includes(assignee.role);
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

/** A service may change no user: it registers them. */
export function mayChangeUser(user: UserFacts): boolean {
  return isActiveAdmin(user);
}

/** Machines bring in the product's users; who belongs to the desk is for its admins to say. */
export function mayRegisterUser(user: UserFacts, role: Role): boolean {
  return user.active && (user.role === 'admin' || (user.role === 'service' && !isStaff(role) && role !== 'service'));
}

/**
 * What only an admin may give a new user: a service would make itself somebody who can sign in, or another's vendor.
 */
export function mayGivePassword(user: UserFacts): boolean {
  return isActiveAdmin(user);
}

/** `isTaken`: somebody else has this vendorId already, and sees its tickets. */
export function mayGiveVendorId(user: UserFacts, isTaken: boolean): boolean {
  return isActiveAdmin(user) || (isActiveAdminOrService(user) && !isTaken);
}

/** References say whose vendor may see what: for the desk, and for the product's machines that set them. */
export function maySeeReferences(user: UserFacts): boolean {
  return user.active && (isStaff(user.role) || user.role === 'service');
}

export function maySetReferences(user: UserFacts): boolean {
  return isActiveAdminOrService(user);
}

/** A durable notification to chosen users. */
/** Staff and services upload for many, and so get a larger quota. */
export function uploadsForMany({ role }: Pick<UserFacts, 'role'>): boolean {
  return isStaff(role) || role === 'service';
}

export function maySendNotification(user: UserFacts): boolean {
  return isActiveAdminOrService(user);
}

/** Active users of this role are notified of every new ticket. Source: docs/protocol.md section 3. */
export const NOTIFIED_OF_NEW_TICKETS: Role = 'admin';

export function isNotifiedOfNewTickets({ active, role }: UserFacts): boolean {
  return active && role === NOTIFIED_OF_NEW_TICKETS;
}

/** Events over HTTP to connected sockets. Source: docs/protocol.md section 6. */
export function mayPushToSockets(user: UserFacts): boolean {
  return isActiveAdminOrService(user);
}

export function mayDisconnectClients(user: UserFacts): boolean {
  return isActiveAdmin(user);
}

/** Whether daily quotas bound what this user posts. A machine posts for everybody, as its operators decide. */
export function hasDailyQuotas(user: UserFacts): boolean {
  return user.role !== 'service';
}

/** The `message` event of docs/protocol.md section 6, to everybody in the namespace. */
export function mayBroadcast(user: UserFacts): boolean {
  return user.active && (isStaff(user.role) || user.role === 'service');
}

/** Rebuilds, pauses, parked events. */
export function mayOperate(user: UserFacts): boolean {
  return isActiveAdmin(user);
}

/**
 * A message of this author in a waiting or resolved ticket puts it back on the desk: the requester, whatever their
 * role, and everybody else who is not of the desk (a vendor, a copied customer). A service does not.
 */
export function answersForRequester(author: Pick<UserFacts, 'id' | 'role'>, requesterId: string): boolean {
  return author.id === requesterId || !(isStaff(author.role) || author.role === 'service');
}

export interface RoomAccess {
  readonly private: boolean;
  readonly members: readonly string[];
}

/**
 * Entering a room is reading and posting. A room is open to every authenticated user unless made private; a private one
 * is for its members alone, and an admin who wants in makes themselves one. Rooms are no secret, so a refusal is
 * `forbidden`.
 */
export function mayEnterRoom(user: UserFacts, room: RoomAccess): boolean {
  return user.active && (!room.private || room.members.includes(user.id));
}

/** The settings of a room are shown to those who may enter or configure it. */
export function maySeeRoom(user: UserFacts, room: RoomAccess): boolean {
  return mayEnterRoom(user, room) || mayConfigureRoom(user);
}

/** If everybody could, anybody could shut everybody else out. */
export function mayConfigureRoom(user: UserFacts): boolean {
  return isActiveAdminOrService(user);
}

function isActiveAdmin({ active, role }: UserFacts): boolean {
  return active && role === 'admin';
}

function isActiveAdminOrService({ active, role }: UserFacts): boolean {
  return active && (role === 'admin' || role === 'service');
}

function isStaffWhoSees(user: UserFacts, ticket: TicketAccess): boolean {
  return isStaff(user.role) && maySeeTicket(user, ticket);
}
