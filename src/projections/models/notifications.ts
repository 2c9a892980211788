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
import { maySeeTicket } from '../../domain/access.ts';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { InboxHead, InboxSignal } from '../../domain/notification/inbox.ts';
import { notificationSent, notificationsFor } from '../../domain/notification/rules.ts';
import { accessOf } from '../../domain/ticket/people.ts';
import { isStaff } from '../../domain/user/identity.ts';
import { createTexts } from '../../texts/texts.ts';
import type { Projection, ProjectionContext, ProjectionHandler, Writes } from '../engine/projection.ts';
import { createInboxBatch, type InboxBatch, inboxRows, type UserBatch } from './inbox-batch.ts';
import { createNotificationFacts, type NotificationFacts } from './notification-facts.ts';
import { mayEndAccess } from './notification-holders.ts';
import { notificationsDdl, notificationsIndexes } from './notifications-ddl.ts';

export const notificationsProjection: Projection = {
  name: 'notifications',
  version: 6,
  ddl: notificationsDdl,
  indexes: notificationsIndexes,
  start: startHandler,
};

/** Gateways of an earlier version, which run beside this one during an upgrade, do not word notifications. */
const ENGLISH = createTexts();

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
  readonly removed: number;
  /** Whether notifications left the inbox. */
  readonly gone: boolean;
  /** The ids of notifications that were read with their conversations. */
  readonly conversation_read: readonly string[];
}

function startHandler({ publishInbox }: ProjectionContext): ProjectionHandler {
  const facts = createNotificationFacts();
  return {
    prefetch: facts.prefetch,
    fold(events): Writes | undefined {
      const batch = createInboxBatch();
      for (const event of events) {
        handle(event, facts, batch);
        removeLost(event, facts, batch);
      }
      const changes = facts.takeChanges();
      const { users } = batch;
      if (
        users.length +
          changes.tickets.length +
          changes.deletedTickets.length +
          changes.users.length +
          changes.related.length ===
        0
      ) {
        return undefined;
      }
      const { inboxes, notifications, idReads, conversationReads, allReads, seen, readers } = inboxRows(users);
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
          changes.related,
          conversationReads,
          batch.gone,
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
      for (const notification of notificationsFor(event, ticket, facts.audience)) {
        batch.add(event, notification);
        facts.addHolder(notification.recipientId, ticket.id);
      }
      if (event.type === 'MessagePosted') batch.markConversationRead(event.metadata.actor.id, ticket.id, event.version);
      if (event.type === 'TicketDeleted') batch.remove(event, ticket.id, null);
      return;
    }
    case 'TicketRead': {
      const { userId, upTo } = event.data;
      // It counts among the versions that requesters do not see.
      if (event.data.internal) facts.foldTicket(event);
      batch.markConversationRead(userId, parseStream(event.stream).id, Math.min(upTo, event.version));
      return;
    }
    case 'UserRegistered':
    case 'UserChanged':
      facts.foldUser(event);
      return;
    case 'ReferenceSet':
      facts.foldReference(event);
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

/** The tickets that somebody may no longer see after this event leave their inbox. */
function removeLost(event: RecordedEvent, facts: NotificationFacts, batch: InboxBatch): void {
  if (!mayEndAccess(event)) return;
  const { audience } = facts;
  for (const { userId, ticket } of facts.heldBy(event)) {
    const user = audience.user(userId);
    const maySee = user === undefined || maySeeTicket(user, accessOf(ticket, audience.relations(ticket)));
    if (!maySee) batch.remove(event, ticket.id, userId);
  }
}

function notifyUsers(
  users: readonly UserBatch[],
  written: readonly WrittenInbox[],
  facts: NotificationFacts,
  publish: (userId: string, signal: InboxSignal) => void,
): void {
  const batches = new Map(users.map((user) => [user.userId, user]));
  for (const inbox of written) {
    const userId = inbox.user_id;
    const { added = [], announcedIds: ids = [], readAll = [], seen = [] } = batches.get(userId) ?? {};
    const announcedIds = [...ids, ...inbox.conversation_read];
    // Somebody who posted or read, and had nothing unread.
    if (added.length + announcedIds.length + readAll.length + seen.length === 0 && !inbox.gone) continue;
    const user = facts.audience.user(userId);
    const internal = user !== undefined && isStaff(user.role);
    const head: InboxHead = {
      seq: inbox.seq,
      unread: inbox.unread + (internal ? inbox.unread_internal : 0),
      unseen: inbox.unseen + (internal ? inbox.unseen_internal : 0),
      removed: inbox.removed,
    };
    const notifications = added
      .map((notification, index) => {
        const seq = inbox.seq - (added.length - 1 - index);
        const { id, body, read } = notification;
        const view = { id, seq, ...body, read: read || seq <= inbox.read_up_to, internal: notification.internal };
        return ENGLISH.word(view);
      })
      .filter((notification) => internal || !notification.internal);
    const byId = announcedIds.length > 0 ? { read: { ids: announcedIds } } : {};
    publish(userId, { notifications, head, ...byId, ...(inbox.gone && { gone: true }) });
    if (readAll.length > 0) publish(userId, { notifications: [], head, read: { upToSeq: inbox.read_up_to } });
    if (seen.length > 0) publish(userId, { notifications: [], head, seen: { upToSeq: inbox.seen_up_to } });
  }
}
