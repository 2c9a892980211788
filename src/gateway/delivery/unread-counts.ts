/**
 * Sends a user's own sockets the number of unread messages in a ticket whenever it changes. The count comes from the
 * read model, after the read model knows the change. A change during the read causes one more read.
 */

import type { Application } from '../../application/application.ts';
import { getUnread } from '../../application/tickets.ts';
import type { ProjectionWaiter } from '../../application/views.ts';
import type { UserFacts } from '../../domain/user/identity.ts';

export interface UnreadCounting {
  /** `position`: the position of the event that changed the count. */
  changed(user: UserFacts, ticketId: string, position: number): void;
}

interface Deps {
  readonly application: Application;
  readonly waiter: ProjectionWaiter;
  send(user: UserFacts, ticketId: string, unread: number): void;
  onError(error: unknown): void;
}

/** The newest position to count, and the number of changes since counting began. */
interface Counting {
  position: number;
  changes: number;
}

const WAIT_MS = 5_000;

export function createUnreadCounting({ application, waiter, send, onError }: Deps): UnreadCounting {
  const counting = new Map<string, Counting>();

  async function count(key: string, user: UserFacts, ticketId: string, counted: Counting): Promise<void> {
    try {
      let changes: number;
      do {
        changes = counted.changes;
        await waiter.waitFor(counted.position, WAIT_MS);
        const unread = await getUnread(application, user, ticketId);
        if (changes === counted.changes) send(user, ticketId, unread);
      } while (changes !== counted.changes);
    } catch (error) {
      onError(error);
    } finally {
      counting.delete(key);
    }
  }

  return {
    changed(user, ticketId, position) {
      const key = JSON.stringify([user.id, ticketId]);
      const running = counting.get(key);
      if (running !== undefined) {
        running.position = Math.max(position, running.position);
        running.changes += 1;
        return;
      }
      const begun: Counting = { position, changes: 0 };
      counting.set(key, begun);
      void count(key, user, ticketId, begun);
    },
  };
}
