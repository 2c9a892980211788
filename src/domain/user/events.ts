/** Everything that can happen to a user, their inbox included. */
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
  /** A notification sent through the API; those that follow from ticket events are not events themselves. */
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
  /** Reads every notification up to `upToSeq`, or, without it, every one that precedes this event in the log. */
  | { readonly type: 'AllNotificationsRead'; readonly data: { readonly upToSeq?: number } }
  /** The user has looked at the inbox: none up to `upToSeq` is new to them any more, though it may be unread. */
  | { readonly type: 'InboxSeen'; readonly data: { readonly upToSeq: number } }
  /** Something about signing in. Repetitions within minutes are one event, so that guessing cannot grow the log. */
  | {
      readonly type: 'AccountActivityRecorded';
      readonly data: {
        readonly activity: AccountActivity;
        /** How often, when it was more than once. */
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
