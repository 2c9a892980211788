/** The inbox of a user: its notifications as their recipient reads them, and the signal of a change. */
import type { Report } from './notification.ts';
import type { Wording, Words } from './wording.ts';

/** The part of a notification that is the same for all its recipients. */
export type NotificationBody = Report &
  Wording & {
    readonly timestamp: string;
    /** The position of the event that it reports. */
    readonly position: number;
  };

/** A notification as the read model holds it for its recipient. It gets its words when it is shown. */
export type NotificationView = NotificationBody & {
  readonly id: string;
  /** Counts the user's notifications: 1, 2, 3, … without gaps. */
  readonly seq: number;
  readonly read: boolean;
  /** True when it previews an internal note. Only staff may see it, also later. */
  readonly internal: boolean;
};

/** A notification in words, as clients receive it. */
export type WordedNotification = NotificationView & Words;

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
