/** The inbox of a user: its notifications as their recipient reads them, and the signal that it changed. */
import type { Priority } from '../priority.ts';
import type { NotificationEventName } from './rules.ts';

export interface NotificationView {
  readonly id: string;
  /** Gapless per user, from 1. */
  readonly seq: number;
  /** The socket event that carries it beside `notification:new`; null for one sent through the API. */
  readonly event: NotificationEventName | null;
  readonly type: string;
  readonly title: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly priority: Priority;
  readonly timestamp: string;
  /** Of the event that it tells of. */
  readonly position: number;
  readonly read: boolean;
  /** True when it previews an internal note: for staff only, also later. */
  readonly internal: boolean;
}

/** A notification without that in which the inboxes of two recipients differ. */
export type NotificationBody = Omit<NotificationView, 'id' | 'seq' | 'read' | 'internal'>;

export interface InboxHead {
  /** The newest seq, 0 in an empty inbox. */
  readonly seq: number;
  readonly unread: number;
  /** Of the unread ones, those that came since the user last looked. */
  readonly unseen: number;
  /**
   * The number of notifications that have left the inbox. A client with another number may hold some that are not there
   * any more.
   */
  readonly removed: number;
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
  /** Set when the user looked at their inbox, up to a seq. */
  readonly seen?: { readonly upToSeq: number };
}
