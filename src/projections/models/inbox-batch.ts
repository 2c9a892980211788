/**
 * The changes that a batch of events makes to inboxes. Memory holds neither seqs nor counts. So each new notification
 * carries the number of its user's notifications that follow it in the batch, and `write` subtracts that number from
 * the inbox's new seq.
 *
 * Reads keep their place among the new notifications: a read by id marks only notifications before it, and "all read"
 * and "seen" reach as far as the inbox did at that event.
 */
import { hash } from 'node:crypto';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { NotificationBody } from '../../domain/notification/inbox.ts';
import type { Notification } from '../../domain/notification/rules.ts';

export interface NewNotification {
  readonly id: string;
  readonly internal: boolean;
  read: boolean;
  readonly body: NotificationBody;
  readonly ticket_id: string | null;
  /** The version in the ticket's stream of the message that it announces. */
  readonly message_version: number | null;
}

/** Notifications of a ticket from before `position` that leave an inbox; without a user, every inbox. */
export interface Gone {
  readonly ticket_id: string;
  readonly user_id: string | null;
  readonly position: number;
}

export interface UserBatch {
  readonly userId: string;
  readonly added: NewNotification[];
  /** The ids that were read, of notifications from before the batch. */
  readonly readIds: string[];
  /** All ids that were read, for the user's devices. */
  readonly announcedIds: string[];
  /** The conversations that were read, and how far: versions of the tickets' streams. */
  readonly conversations: { readonly ticket_id: string; readonly up_to: number }[];
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
  /** Reads the notifications of the ticket's messages up to a version of its stream. */
  markConversationRead(userId: string, ticketId: string, upTo: number): void;
  /** The ticket leaves the inbox of this user, or of everybody. */
  remove(event: RecordedEvent, ticketId: string, userId: string | null): void;
  readonly gone: readonly Gone[];
  readonly users: readonly UserBatch[];
}

/** Greater than any seq; Postgres' largest integer. */
const ANY_SEQ = 2_147_483_647;

export function createInboxBatch(): InboxBatch {
  const users = new Map<string, UserBatch>();
  const gone: Gone[] = [];

  const batchOf = (userId: string): UserBatch => {
    let user = users.get(userId);
    if (user === undefined) {
      user = { userId, added: [], readIds: [], announcedIds: [], conversations: [], readAll: [], seen: [] };
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
      const { kind, id } = parseStream(event.stream);
      batchOf(recipientId).added.push({
        id: notificationId(event.id, recipientId),
        internal,
        read: false,
        body,
        ticket_id: kind === 'ticket' ? id : null,
        message_version: event.type === 'MessagePosted' ? event.version : null,
      });
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
    markConversationRead(userId, ticketId, upTo) {
      const user = batchOf(userId);
      for (const one of user.added) {
        const isRead = one.ticket_id === ticketId && one.message_version !== null && one.message_version <= upTo;
        if (!isRead || one.read) continue;
        one.read = true;
        user.announcedIds.push(one.id);
      }
      user.conversations.push({ ticket_id: ticketId, up_to: upTo });
    },
    remove(event, ticketId, userId) {
      gone.push({ ticket_id: ticketId, user_id: userId, position: event.position });
    },
    gone,
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
  const conversationReads = users.flatMap(({ userId, conversations }) =>
    conversations.map((one) => ({ user_id: userId, ...one })),
  );
  const allReads = users.flatMap((user) => reaches(user, user.readAll));
  const seen = users.flatMap((user) => reaches(user, user.seen));
  const readers = users
    .filter(
      ({ added, readIds, readAll, conversations }) =>
        readIds.length + readAll.length + conversations.length > 0 || added.some(({ read }) => read),
    )
    .map(({ userId }) => userId);
  return { inboxes, notifications, idReads, conversationReads, allReads, seen, readers };
}
