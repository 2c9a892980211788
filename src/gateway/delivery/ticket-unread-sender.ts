/**
 * Sends the number of a user's unread messages in a ticket to the user's sockets when it changes. It does not count:
 * the read model does (src/projections/models/messages.ts), and is read after it contains the change. A change during
 * the read causes one more read.
 */
import type { Application } from '../../application/application.ts';
import { getUnread } from '../../application/tickets.ts';
import type { UserFacts } from '../../domain/user/identity.ts';

export interface TicketUnreadSender {
  /** Call it when the count may have changed. `position`: of the event that changed it. */
  changed(user: UserFacts, ticketId: string, position: number): void;
}

interface TicketUnreadSenderDeps {
  readonly application: Application;
  send(user: UserFacts, ticketId: string, unread: number): void;
  onError(error: unknown): void;
}

/** The newest position that the count must contain, and the number of changes since the read began. */
interface PendingRead {
  position: number;
  changes: number;
}

/** Milliseconds to wait for the read model. */
const WAIT_MS = 5_000;

export function createTicketUnreadSender({ application, send, onError }: TicketUnreadSenderDeps): TicketUnreadSender {
  const reads = new Map<string, PendingRead>();

  async function readAndSend(key: string, user: UserFacts, ticketId: string, read: PendingRead): Promise<void> {
    try {
      let changes: number;
      do {
        changes = read.changes;
        await application.waitFor(read.position, WAIT_MS);
        const unread = await getUnread(application, user, ticketId);
        if (changes === read.changes) send(user, ticketId, unread);
      } while (changes !== read.changes);
    } catch (error) {
      onError(error);
    } finally {
      reads.delete(key);
    }
  }

  return {
    changed(user, ticketId, position) {
      const key = JSON.stringify([user.id, ticketId]);
      const running = reads.get(key);
      if (running !== undefined) {
        running.position = Math.max(position, running.position);
        running.changes += 1;
        return;
      }
      const begun: PendingRead = { position, changes: 0 };
      reads.set(key, begun);
      void readAndSend(key, user, ticketId, begun);
    },
  };
}
