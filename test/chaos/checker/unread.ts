/**
 * Compares unread counts with a plain model. Unread messages are visible to the user, posted by others, and after the
 * user's read cursor. Unread notifications are those that the rules make of the whole log, less the ones that were
 * read, by themselves or with the conversation, and the ones whose ticket the user may no longer see. Unseen are the
 * unread ones that came after the user last saw the inbox.
 */
import { hash } from 'node:crypto';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { modelOf } from '../../integration/projections/model.ts';
import type { Rule } from '../history.ts';

export const unreadCountsRight: Rule = {
  name: 'unread counts are right',
  check(history) {
    const model = modelOf(history.log, notificationId);
    const expected = new Map<string, number>();
    for (const ticket of model.alive) {
      for (const { userId, unread } of model.participants(ticket)) expected.set(`${ticket.id} ${userId}`, unread);
    }
    const shown = new Map(history.unread.map(({ ticketId, userId, unread }) => [`${ticketId} ${userId}`, unread]));
    const keys = new Set([...expected.keys(), ...shown.keys()]);
    const tickets = [...keys].flatMap((key) => {
      const [is, must] = [shown.get(key), expected.get(key)];
      return is === must ? [] : [`ticket and user ${key}: ${is} unread, and it must be ${must}`];
    });
    const unread = (userId: string) => model.inbox(userId).filter(({ read, gone }) => !read && !gone);
    return [
      ...tickets,
      ...inboxes('unread', history.unreadNotifications, (userId) => unread(userId).length),
      ...inboxes('unseen', history.unseenNotifications, (userId) => unread(userId).filter(({ seen }) => !seen).length),
    ];
  },
};

function inboxes(what: string, shown: Readonly<Record<string, number>>, countOf: (userId: string) => number): string[] {
  return Object.entries(shown).flatMap(([userId, count]) => {
    const must = countOf(userId);
    return count === must ? [] : [`user ${userId}: ${count} ${what} notifications, and it must be ${must}`];
  });
}

/** The id that the read model gives a notification, so that reads by id can be applied. */
export function notificationId(event: Pick<RecordedEvent, 'id'>, userId: string): string {
  return hash('sha256', `${event.id}:${userId}`, 'base64url').slice(0, 22);
}
