/** A notification as the rules make it. It is not in an inbox yet, so it has no id, seq and time. */
import type { Priority } from '../priority.ts';
import type { Wording } from './wording.ts';

export type NotificationEventName =
  | 'support:ticket:created'
  | 'support:ticket:updated'
  | 'support:ticket:resolved'
  | 'support:ticket:deleted'
  | 'support:ticket:assigned'
  | 'support:message:new';

/** What a notification reports, beside its words. */
export interface Report {
  /** The socket event that it is sent as, beside `notification:new`; null for one sent through the API. */
  readonly event: NotificationEventName | null;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly priority: Priority;
}

export type Notification = Report &
  Wording & {
    readonly recipientId: string;
    /** True when it previews an internal note. Only staff may see it, also later. */
    readonly internal: boolean;
  };
