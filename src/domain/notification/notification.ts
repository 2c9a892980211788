/** A notification as the rules make it: for one user, not yet in their inbox, so without id, seq and time. */
import type { Priority } from '../priority.ts';

export type NotificationEventName =
  | 'support:ticket:created'
  | 'support:ticket:updated'
  | 'support:ticket:resolved'
  | 'support:ticket:deleted'
  | 'support:ticket:assigned'
  | 'support:message:new';

export interface Notification {
  readonly recipientId: string;
  /** The socket event that carries it beside `notification:new`; null for one sent through the API. */
  readonly event: NotificationEventName | null;
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly priority: Priority;
  /** True when it previews an internal note: for staff only, also later. */
  readonly internal: boolean;
}
