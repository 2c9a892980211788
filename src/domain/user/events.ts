/** The events of a user and the user's inbox. */
import type { Change } from '../change.ts';
import type { Priority } from '../priority.ts';
import type { Role } from './identity.ts';

export type UserEvent =
  | {
      readonly type: 'UserRegistered';
      readonly data: {
        readonly name: string;
        readonly role: Role;
        readonly email?: string;
        readonly vendorId?: string;
      };
    }
  | {
      readonly type: 'UserChanged';
      readonly data: {
        readonly changes: {
          readonly name?: Change<string>;
          readonly role?: Change<Role>;
          readonly active?: Change<boolean>;
          readonly email?: Change<string | null>;
          readonly vendorId?: Change<string | null>;
        };
      };
    }
  /** A notification sent through the API. The notifications of ticket events are no events themselves. */
  | {
      readonly type: 'NotificationSent';
      readonly data: {
        readonly type: string;
        readonly title: string;
        readonly message: string;
        readonly data: Readonly<Record<string, unknown>>;
        readonly priority: Priority;
      };
    }
  | { readonly type: 'NotificationsRead'; readonly data: { readonly ids: readonly string[] } }
  /** All notifications up to `upToSeq` were read; without it, all that precede this event in the log. */
  | { readonly type: 'AllNotificationsRead'; readonly data: { readonly upToSeq?: number } }
  /** The user has seen the inbox up to `upToSeq`. Notifications up to it may still be unread. */
  | { readonly type: 'InboxSeen'; readonly data: { readonly upToSeq: number } }
  /** An activity of signing in. Repetitions within minutes are one event, so that guesses cannot grow the log. */
  | {
      readonly type: 'AccountActivityRecorded';
      readonly data: {
        readonly activity: AccountActivity;
        /** The number of occurrences, when there was more than one. */
        readonly count?: number;
        readonly sessionId?: string;
        readonly device?: string;
        /** What exactly was done, in the words of the operator's command. */
        readonly detail?: string;
      };
    };

export const ACCOUNT_ACTIVITIES = [
  'signed_in',
  'sign_in_failed',
  'sign_in_refused',
  'refresh_token_reused',
  'password_changed',
  'password_change_failed',
  'password_reset_issued',
  'password_reset',
  'session_ended',
  'token_issued',
  'signing_key_rotated',
  'signing_key_withdrawn',
  'password_locked',
  'operator_command',
] as const;
export type AccountActivity = (typeof ACCOUNT_ACTIVITIES)[number];
