/**
 * What a batch of events does to inboxes. Neither seqs nor counts are known in memory: each new notification says how
 * many of its user's follow it in the batch, and `write` gives it the inbox's new seq less that.
 *
 * Reading in between is kept in order: an id marks only what precedes it, and "all" reaches as far as the inbox did then.
 */
import { hash } from 'node:crypto';
import type { RecordedEvent } from '../domain/event.ts';
import type { Notification } from '../domain/notification/rules.ts';
import type { NotificationView } from './queries.ts';

/** A notification as it is stored; seq, id, and whether it is internal or read are columns. */
export type NotificationBody = Omit<NotificationView, 'id' | 'seq' | 'read' | 'internal'>;

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
  readonly readAll: { readonly upTo: number; readonly added: number }[];
}

export interface InboxBatch {
  add(event: RecordedEvent, notification: Notification): void;
  read(userId: string, ids: readonly string[]): void;
  readAll(userId: string, upToSeq: number | undefined): void;
  readonly users: readonly UserBatch[];
}

/** Greater than any seq; Postgres' largest integer. */
const ANY_SEQ = 2_147_483_647;

export function createInboxBatch(): InboxBatch {
  const users = new Map<string, UserBatch>();

  const of = (userId: string): UserBatch => {
    let user = users.get(userId);
    if (user === undefined) {
      user = { userId, added: [], readIds: [], announcedIds: [], readAll: [] };
      users.set(userId, user);
    }
    return user;
  };

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
      user.readAll.push({ upTo: Math.min(upToSeq ?? ANY_SEQ, ANY_SEQ), added: user.added.length });
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
  const allReads = users.flatMap(({ userId, added, readAll }) =>
    readAll.map((read) => ({ user_id: userId, up_to: read.upTo, after: added.length - read.added })),
  );
  const readers = users
    .filter(({ added, readIds, readAll }) => readIds.length + readAll.length > 0 || added.some(({ read }) => read))
    .map(({ userId }) => userId);
  return { inboxes, notifications, idReads, allReads, readers };
}
