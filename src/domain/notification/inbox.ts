/** The inbox of a user: its notifications as their recipient reads them, and the signal of a change. */
import type { Priority } from '../priority.ts';
import type { NotificationEventName } from './rules.ts';

export interface NotificationView {
  readonly id: string;
  /** Counts the user's notifications: 1, 2, 3, … without gaps. */
  readonly seq: number;
  /** The socket event that it is sent as, beside `notification:new`; null for one sent through the API. */
  readonly event: NotificationEventName | null;
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly priority: Priority;
  readonly timestamp: string;
  /** The position of the event that it reports. */
  readonly position: number;
  readonly read: boolean;
  /** True when it previews an internal note. Only staff may see it, also later. */
  readonly internal: boolean;
}

/** The fields of a notification that are the same for all its recipients. */
export type NotificationBody = Omit<NotificationView, 'id' | 'seq' | 'read' | 'internal'>;

export interface InboxHead {
  /** The newest seq, 0 in an empty inbox. */
  readonly seq: number;
  readonly unread: number;
  /** The number of unread notifications that came after the user last opened the inbox. */
  readonly unseen: number;
  /**
   * The number of notifications that have left the inbox. A client with another number may hold some that are not there
   * any more.
   */
  readonly removed: number;
}

/** Of the notifications from seq `from` to seq `upTo`, exactly those within the ranges are unread. */
export interface UnreadRanges {
  readonly from: number;
  readonly upTo: number;
  /** The number of unread notifications in the whole inbox. */
  readonly count: number;
  /** The number of unseen notifications in the whole inbox. */
  readonly unseen: number;
  /** The first and last seq of each range, in order. */
  readonly ranges: readonly (readonly [number, number])[];
}

/**
 * Sent as signal `['inbox', userId]` after the inbox of a user changed and the change is committed. A receiver that
 * sees `seq` jump reads what it missed with `notificationsAfter`.
 */
export interface InboxSignal {
  readonly notifications: readonly NotificationView[];
  readonly head: InboxHead;
  /** Set when the user read notifications: the ids, or all up to a seq. */
  readonly read?: { readonly ids: readonly string[] } | { readonly upToSeq: number };
  /** Set when notifications left the inbox, because the user may no longer see their tickets. */
  readonly gone?: boolean;
  /** Set when the user marked the inbox as seen, up to a seq. */
  readonly seen?: { readonly upToSeq: number };
}
