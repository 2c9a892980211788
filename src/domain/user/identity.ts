/** Who someone is: roles, and the few facts about a user that rules and payloads need. */

export const ROLES = ['driver', 'customer', 'vendor', 'agent', 'ops', 'accounts', 'admin', 'service'] as const;
export type Role = (typeof ROLES)[number];

/** The author of a command, as recorded in event metadata and shown as a message's sender. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** What is known of a user when deciding what they may see and do. */
export interface UserFacts extends Actor {
  readonly active: boolean;
  readonly email?: string;
  readonly vendorId?: string;
}

/** Deskwire itself, as the author of what no user asked for: demo data, users registered on first sight. */
export const SYSTEM_USER: UserFacts = { id: 'system', name: 'System', role: 'service', active: true };

const STAFF: ReadonlySet<Role> = new Set(['agent', 'ops', 'accounts', 'admin']);

/** Staff may see internal notes of the tickets that they may see. Machines (`service`) are not staff. */
export function isStaff(role: Role): boolean {
  return STAFF.has(role);
}

/** The role that a claim or a field names, compared without regard to case, or undefined when it names none. */
export function parseRole(value: unknown): Role | undefined {
  if (typeof value !== 'string') return undefined;
  const lower = value.toLowerCase();
  return ROLES.find((role) => role === lower);
}
