/** The columns of a user that an event sets: all of them for a registration, the changed ones for a change. */
import type { RecordedEvent } from '../../domain/event.ts';
import type { UserEvent } from '../../domain/user/events.ts';
import type { Role } from '../../domain/user/identity.ts';

export interface UserPatch {
  readonly id: string;
  readonly name?: string;
  readonly role?: Role;
  readonly active?: boolean;
  readonly email?: string | null;
  readonly vendor_id?: string | null;
}

export function userPatchOf(id: string, event: RecordedEvent<UserEvent>): UserPatch {
  if (event.type === 'UserRegistered') {
    const { name, role, email, vendorId } = event.data;
    return { id, name, role, active: true, email: email ?? null, vendor_id: vendorId ?? null };
  }
  if (event.type !== 'UserChanged') return { id };
  const { name, role, active, email, vendorId } = event.data.changes;
  return {
    id,
    ...(name && { name: name.to }),
    ...(role && { role: role.to }),
    ...(active && { active: active.to }),
    ...(email && { email: email.to }),
    ...(vendorId && { vendor_id: vendorId.to }),
  };
}
