/** What a user does when asked. */
import type { Priority } from '../ticket/events.ts';
import type { Role } from './identity.ts';

export type UserCommand =
  | {
      readonly type: 'RegisterUser';
      readonly name: string;
      readonly role: Role;
      readonly email?: string;
      readonly vendorId?: string;
    }
  | { readonly type: 'ChangeUser'; readonly name?: string; readonly role?: Role; readonly active?: boolean }
  | {
      readonly type: 'SendNotification';
      readonly notificationType: string;
      readonly title: string;
      readonly message: string;
      readonly data: Readonly<Record<string, unknown>>;
      readonly priority: Priority;
    }
  | { readonly type: 'ReadNotifications'; readonly ids: readonly string[] }
  | { readonly type: 'ReadAllNotifications'; readonly upToSeq?: number };

export interface UserState {
  readonly exists: boolean;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly email: string | null;
  readonly vendorId: string | null;
}
