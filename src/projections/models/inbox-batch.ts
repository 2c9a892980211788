/**
 * The changes that a batch of events makes to inboxes. Memory holds neither seqs nor counts. So each new notification
 * carries the number of its user's notifications that follow it in the batch, and `write` subtracts that number from
 * the inbox's new seq.
 *
 * Reads keep their place among the new notifications: a read by id marks only notifications before it, and "all read"
 * and "seen" reach as far as the inbox did at that event.
 */
import { hash } from 'node:crypto';
import type { RecordedEvent } from '../../domain/event.ts';
import type { NotificationBody } from '../../domain/notification/inbox.ts';
import type { Notification } from '../../domain/notification/rules.ts';

export interface NewNotification {
  readonly id: string;
  readonly internal: boolean;
  read: boolean;
  readonly body: NotificationBody;
}

export interface UserBatch {
  readonly userId: string;
  readonly added: NewNotification[];
  /** The ids that were read, of notifications from before the batch. */
  readonly readIds: string[];
  /** All ids that were read, for the user's devices. */
  readonly announcedIds: string[];
  /** How far each "all read" of the batch reaches. */
  readonly readAll: Reach[];
  /** How far each "inbox seen" of the batch reaches. */
  readonly seen: Reach[];
}

/** Reaches up to seq `upTo`, but not beyond the first `added` notifications of the batch. */
interface Reach {
  readonly upTo: number;
  readonly added: number;
}

export interface InboxBatch {
  add(event: RecordedEvent, notification: Notification): void;
  markRead(userId: string, ids: readonly string[]): void;
  /** Without `upToSeq` all notifications are read. */
  markAllRead(userId: string, upToSeq: number | undefined): void;
  markSeen(userId: string, upToSeq: number): void;
  readonly users: readonly UserBatch[];
}

/** Greater than any seq; Postgres' largest integer. */
const ANY_SEQ = 2_147_483_647;

export function createInboxBatch(): InboxBatch {
  const users = new Map<string, UserBatch>();

  const batchOf = (userId: string): UserBatch => {
    let user = users.get(userId);
    if (user === undefined) {
      user = { userId, added: [], readIds: [], announcedIds: [], readAll: [], seen: [] };
      users.set(userId, user);
    }
    return user;
  };

  const reach = (upToSeq: number, { added }: UserBatch): Reach => ({
    upTo: Math.min(upToSeq, ANY_SEQ),
    added: added.length,
  });

  return {
    add(event, notification) {
      const { recipientId, internal, ...content } = notification;
      const body = { ...content, timestamp: event.time, position: event.position };
      batchOf(recipientId).added.push({ id: notificationId(event.id, recipientId), internal, read: false, body });
    },
    markRead(userId, ids) {
      const user = batchOf(userId);
      for (const id of ids) {
        const added = user.added.find((notification) => notification.id === id);
        if (added === undefined) user.readIds.push(id);
        else added.read = true;
        user.announcedIds.push(id);
      }
    },
    markAllRead(userId, upToSeq) {
      const user = batchOf(userId);
      user.readAll.push(reach(upToSeq ?? ANY_SEQ, user));
    },
    markSeen(userId, upToSeq) {
      const user = batchOf(userId);
      user.seen.push(reach(upToSeq, user));
    },
    get users() {
      return [...users.values()];
    },
  };
}

/** Derived from event and recipient, so that a rebuild gives the same ids. */
function notificationId(eventId: string, recipientId: string): string {
  return hash('sha256', `${eventId}:${recipientId}`, 'base64url').slice(0, 22);
}

/** The batch as the arguments of `write` that concern inboxes. */
export function inboxRows(users: readonly UserBatch[]) {
  const inboxes = users.map(({ userId, added }) => {
    const unread = added.filter((notification) => !notification.read);
    const internal = unread.filter((notification) => notification.internal).length;
    return { user_id: userId, added: added.length, unread: unread.length - internal, unread_internal: internal };
  });
  const notifications = users.flatMap(({ userId, added }) =>
    added.map((notification, index) => ({ user_id: userId, after: added.length - 1 - index, ...notification })),
  );
  const idReads = users.flatMap(({ userId, readIds }) => readIds.map((id) => ({ user_id: userId, id })));
  const reaches = ({ userId, added }: UserBatch, all: readonly Reach[]) =>
    all.map((reach) => ({ user_id: userId, up_to: reach.upTo, after: added.length - reach.added }));
  const allReads = users.flatMap((user) => reaches(user, user.readAll));
  const seen = users.flatMap((user) => reaches(user, user.seen));
  const readers = users
    .filter(({ added, readIds, readAll }) => readIds.length + readAll.length > 0 || added.some(({ read }) => read))
    .map(({ userId }) => userId);
  return { inboxes, notifications, idReads, allReads, seen, readers };
}
