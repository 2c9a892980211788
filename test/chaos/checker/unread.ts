/**
 * Unread counts against the plainest model there is: whatever was posted, is visible to the user, is not their own, and comes
 * after their read cursor; and the notifications that the rules make of the whole log, less those that were read.
 */
import { hash } from 'node:crypto';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { modelOf } from '../../integration/projections/model.ts';
import type { History, Rule } from '../history.ts';

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
    return [...tickets, ...inboxes(history, (userId) => model.inbox(userId).filter(({ read }) => !read).length)];
  },
};

function inboxes({ unreadNotifications }: History, unreadOf: (userId: string) => number): string[] {
  return Object.entries(unreadNotifications).flatMap(([userId, unread]) => {
    const must = unreadOf(userId);
    return unread === must ? [] : [`user ${userId}: ${unread} unread notifications, and it must be ${must}`];
  });
}

/** As the read model names them, so that what was read can be found. */
export function notificationId(event: Pick<RecordedEvent, 'id'>, userId: string): string {
  return hash('sha256', `${event.id}:${userId}`, 'base64url').slice(0, 22);
}
