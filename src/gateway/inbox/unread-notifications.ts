/**
 * Sends the set of unread notifications of a user after a reading, and to each client that joins. The set comes from
 * the read model. A change during the read causes one more read. The set covers the seqs up to the head of the inbox at
 * the read, and is sent after the notifications with those seqs, so that a client with both has the correct state.
 */

import type { Application } from '../../application/application.ts';
import { getUnreadRanges } from '../../application/notifications.ts';
import type { UnreadRanges } from '../../application/views.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { CatchUpSubscription } from '../delivery/catch-up-subscription.ts';
import type { UnreadOnes } from '../dialects/dialect.ts';

interface Deps {
  readonly application: Application;
  readonly subscription: Pick<CatchUpSubscription<unknown>, 'cursor' | 'current'>;
  /** The number of ranges in the answer. Unread notifications before them are left out. */
  readonly limit: number;
  readonly now: () => number;
  user(): UserFacts;
  tell(unread: UnreadOnes): void;
  onError(error: unknown): void;
}

export interface UnreadTeller {
  /** Notifications were read, or may have been. */
  changed(): void;
  /** Whether the last attempt failed. */
  readonly pending: boolean;
}

/** Milliseconds. */
const CATCH_UP_TIMEOUT = 10_000;

export function createUnreadOnes({ application, subscription, limit, now, user, tell, onError }: Deps): UnreadTeller {
  let changes = 0;
  let sent = 0;
  let running = false;

  async function run(): Promise<void> {
    running = true;
    try {
      let seen: number;
      let found: UnreadRanges;
      do {
        seen = changes;
        found = await getUnreadRanges(application, user(), limit);
        await subscription.current(AbortSignal.timeout(CATCH_UP_TIMEOUT));
      } while (seen !== changes);
      tell({ ...found, cursor: subscription.cursor, timestamp: new Date(now()).toISOString() });
      sent = seen;
    } catch (error) {
      onError(error);
    } finally {
      running = false;
    }
  }

  return {
    changed() {
      changes += 1;
      if (!running) void run();
    },
    get pending() {
      return !running && sent !== changes;
    },
  };
}
