/**
 * Sends the number of a user's unread messages in a ticket to the user's sockets when it changes. The count is read
 * from the read model, after the read model contains the change. A change during the read causes one more read.
 */
import type { Application } from '../../application/application.ts';
import { getUnread } from '../../application/tickets.ts';
import type { ProjectionWaiter } from '../../application/views.ts';
import type { UserFacts } from '../../domain/user/identity.ts';

export interface UnreadCounting {
  /** Call it when the count may have changed. `position`: of the event that changed it. */
  changed(user: UserFacts, ticketId: string, position: number): void;
}

interface UnreadCountingDeps {
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

/** Milliseconds to wait for the read model. */
const WAIT_MS = 5_000;

export function createUnreadCounting({ application, waiter, send, onError }: UnreadCountingDeps): UnreadCounting {
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
