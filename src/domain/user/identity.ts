/** Roles, and the facts of a user that rules and payloads need. */

export const ROLES = ['driver', 'customer', 'vendor', 'agent', 'ops', 'accounts', 'admin', 'service'] as const;
export type Role = (typeof ROLES)[number];

/** The author of a command, as recorded in event metadata and shown as a message's sender. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** The facts of a user that decide what the user may see and do. */
export interface UserFacts extends Actor {
  readonly active: boolean;
  readonly email?: string;
  readonly vendorId?: string;
  /** A language tag, as `Intl.getCanonicalLocales` writes it. */
  readonly locale?: string;
  /** Unix time in milliseconds of the last deactivation, when there was one. Tokens from before it are not valid. */
  readonly deactivatedAt?: number;
}

/** The role of a user whose role is not known: a requester, with the fewest rights. */
export const LEAST_ROLE: Role = 'customer';

export const STAFF_ROLES: readonly Role[] = ['agent', 'admin', 'ops', 'accounts'];

const STAFF: ReadonlySet<Role> = new Set(STAFF_ROLES);

/** The author of what an operator does by command. */
export const OPERATOR_ID = 'deskwire:operator';

/** A part of Deskwire, or an operator at the machine, as the author of commands for admins. */
export function systemAuthor(id: string, name: string): UserFacts {
  return { id, name, role: 'admin', active: true };
}

/** Staff may see the internal notes of the tickets that they may see. A `service` is not staff. */
export function isStaff(role: Role): boolean {
  return STAFF.has(role);
}

/** The role that a claim or a field names, without regard to case; undefined when it names none. */
export function parseRole(value: unknown): Role | undefined {
  if (typeof value !== 'string') return undefined;
  const lower = value.toLowerCase();
  return ROLES.find((role) => role === lower);
}
