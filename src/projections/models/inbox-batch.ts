/**
 * What a batch of events does to inboxes. Neither seqs nor counts are known in memory: each new notification says how
 * many of its user's follow it in the batch, and `write` gives it the inbox's new seq less that.
 *
 * Reading in between is kept in order: an id marks only what precedes it, and "all" reaches as far as the inbox did then;
 * so does looking at it.
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
  /** Read by id, of those that were there before the batch. */
  readonly readIds: string[];
  /** All ids read, for the user's devices. */
  readonly announcedIds: string[];
  /** "Read all": up to a seq, when one is given, and never beyond the first `added` of the batch. */
  readonly readAll: Reach[];
  /** The inbox was looked at: the same. */
  readonly seen: Reach[];
}

interface Reach {
  readonly upTo: number;
  readonly added: number;
}

export interface InboxBatch {
  add(event: RecordedEvent, notification: Notification): void;
  read(userId: string, ids: readonly string[]): void;
  readAll(userId: string, upToSeq: number | undefined): void;
  seen(userId: string, upToSeq: number): void;
  readonly users: readonly UserBatch[];
}

/** Greater than any seq; Postgres' largest integer. */
const ANY_SEQ = 2_147_483_647;

export function createInboxBatch(): InboxBatch {
  const users = new Map<string, UserBatch>();

  const of = (userId: string): UserBatch => {
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
      of(recipientId).added.push({ id: notificationId(event.id, recipientId), internal, read: false, body });
    },
    read(userId, ids) {
      const user = of(userId);
      for (const id of ids) {
        const added = user.added.find((notification) => notification.id === id);
        if (added === undefined) user.readIds.push(id);
        else added.read = true;
        user.announcedIds.push(id);
      }
    },
    readAll(userId, upToSeq) {
      const user = of(userId);
      user.readAll.push(reach(upToSeq ?? ANY_SEQ, user));
    },
    seen(userId, upToSeq) {
      const user = of(userId);
      user.seen.push(reach(upToSeq, user));
    },
    get users() {
      return [...users.values()];
    },
  };
}

/** Follows from event and recipient, so that projecting again gives the same. */
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
