/**
 * Tells a user's own sockets how much they have not read in a ticket, whenever that changes. The count is read from the
 * read model once it knows of the change; changes that come while it is being read make it be read once more.
 */
import type { UserFacts } from '../../domain/user/identity.ts';
import type { ProjectionWaiter, Queries } from '../../projections/queries/queries.ts';

export interface Unread {
  /** `position`: of the event that changed it. */
  changed(user: UserFacts, ticketId: string, position: number): void;
}

interface Parts {
  readonly queries: Pick<Queries, 'unread'>;
  readonly waiter: ProjectionWaiter;
  send(user: UserFacts, ticketId: string, unread: number): void;
  onError(error: unknown): void;
}

/** The newest position that has to be counted, and how many changes there were since counting began. */
interface Counting {
  position: number;
  changes: number;
}

const WAIT_MS = 5_000;

export function createUnread({ queries, waiter, send, onError }: Parts): Unread {
  const counting = new Map<string, Counting>();

  async function count(key: string, user: UserFacts, ticketId: string, counted: Counting): Promise<void> {
    try {
      let changes: number;
      do {
        changes = counted.changes;
        await waiter.waitFor(counted.position, WAIT_MS);
        const unread = await queries.unread(ticketId, user);
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
