/**
 * The read model of notifications: each user's inbox, its notifications numbered from 1 without gaps, and the number of
 * unread ones. The domain's rules decide who is notified; `notification-facts.ts` keeps the facts that the rules need.
 *
 * A notification is read when it was marked by id, or when its seq is at most the inbox's `read_up_to`; so "all read"
 * changes one number. It is unseen while it is unread and beyond `seen_up_to`, the newest seq when the user last saw
 * the inbox. The rows of the tables depend on the events alone, and not on how the events were batched. Internal
 * previews are counted apart, so that they can be left out for a user who is no longer staff.
 *
 * After the commit, the devices of each user whose inbox changed are notified once per batch.
 */
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { InboxHead, InboxSignal } from '../../domain/notification/inbox.ts';
import { notificationSent, notificationsFor } from '../../domain/notification/rules.ts';
import { isStaff } from '../../domain/user/identity.ts';
import type { Projection, ProjectionContext, ProjectionHandler, Writes } from '../engine/projection.ts';
import { createInboxBatch, type InboxBatch, inboxRows, type UserBatch } from './inbox-batch.ts';
import { createNotificationFacts, type NotificationFacts } from './notification-facts.ts';
import { notificationsDdl, notificationsIndexes } from './notifications-ddl.ts';

export const notificationsProjection: Projection = {
  name: 'notifications',
  version: 3,
  ddl: notificationsDdl,
  indexes: notificationsIndexes,
  start: startHandler,
};

/** An inbox that the batch changed, as `write` returns it. */
interface WrittenInbox {
  readonly user_id: string;
  readonly seq: number;
  readonly read_up_to: number;
  readonly unread: number;
  readonly unread_internal: number;
  readonly seen_up_to: number;
  readonly unseen: number;
  readonly unseen_internal: number;
}

function startHandler({ publishInbox }: ProjectionContext): ProjectionHandler {
  const facts = createNotificationFacts();
  return {
    prefetch: facts.prefetch,
    fold(events): Writes | undefined {
      const batch = createInboxBatch();
      for (const event of events) handle(event, facts, batch);
      const changes = facts.takeChanges();
      const { users } = batch;
      if (users.length + changes.tickets.length + changes.deletedTickets.length + changes.users.length === 0) {
        return undefined;
      }
      const { inboxes, notifications, idReads, allReads, seen, readers } = inboxRows(users);
      return {
        payload: [
          changes.users,
          changes.tickets,
          changes.deletedTickets,
          inboxes,
          notifications,
          idReads,
          allReads,
          seen,
          readers,
        ],
        committed(written) {
          if (publishInbox) notifyUsers(users, written as readonly WrittenInbox[], facts, publishInbox);
        },
      };
    },
  };
}

function handle(event: RecordedEvent, facts: NotificationFacts, batch: InboxBatch): void {
  switch (event.type) {
    case 'TicketOpened':
    case 'TicketChanged':
    case 'ParticipantAdded':
    case 'ParticipantRemoved':
    case 'MessagePosted':
    case 'TicketDeleted': {
      const ticket = facts.foldTicket(event);
      for (const notification of notificationsFor(event, ticket, facts.audience)) batch.add(event, notification);
      return;
    }
    case 'UserRegistered':
    case 'UserChanged':
      facts.foldUser(event);
      return;
    case 'NotificationSent':
      batch.add(event, notificationSent(event));
      return;
    case 'NotificationsRead':
      batch.markRead(parseStream(event.stream).id, event.data.ids);
      return;
    case 'AllNotificationsRead':
      batch.markAllRead(parseStream(event.stream).id, event.data.upToSeq);
      return;
    case 'InboxSeen':
      batch.markSeen(parseStream(event.stream).id, event.data.upToSeq);
  }
}

function notifyUsers(
  users: readonly UserBatch[],
  written: readonly WrittenInbox[],
  facts: NotificationFacts,
  publish: (userId: string, signal: InboxSignal) => void,
): void {
  const inboxes = new Map(written.map((inbox) => [inbox.user_id, inbox]));
  for (const { userId, added, announcedIds, readAll, seen } of users) {
    const inbox = inboxes.get(userId);
    if (inbox === undefined) continue;
    const user = facts.audience.user(userId);
    const internal = user !== undefined && isStaff(user.role);
    const head: InboxHead = {
      seq: inbox.seq,
      unread: inbox.unread + (internal ? inbox.unread_internal : 0),
      unseen: inbox.unseen + (internal ? inbox.unseen_internal : 0),
    };
    const notifications = added
      .map((notification, index) => {
        const seq = inbox.seq - (added.length - 1 - index);
        const { id, body, read } = notification;
        return { id, seq, ...body, read: read || seq <= inbox.read_up_to, internal: notification.internal };
      })
      .filter((notification) => internal || !notification.internal);
    const byId = announcedIds.length > 0 ? { read: { ids: announcedIds } } : {};
    publish(userId, { notifications, head, ...byId });
    if (readAll.length > 0) publish(userId, { notifications: [], head, read: { upToSeq: inbox.read_up_to } });
    if (seen.length > 0) publish(userId, { notifications: [], head, seen: { upToSeq: inbox.seen_up_to } });
  }
}
