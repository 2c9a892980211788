/**
 * Sends a user's set of unread notifications after some were read, and after a client joins. It does not count: the
 * read model does (src/projections/models/notifications.ts), and the set is read from it. A change during the read
 * causes one more read. The set covers the seqs up to the head of the inbox. It is sent after the notifications up to
 * that head, so that a client that applies both has the correct state.
 */
import type { Application } from '../../application/application.ts';
import { getUnreadRanges } from '../../application/notifications.ts';
import type { UnreadRanges } from '../../domain/notification/inbox.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { CatchUpSubscription } from '../delivery/catch-up-subscription.ts';
import type { UnreadSet } from '../dialects/dialect.ts';

interface InboxUnreadSenderDeps {
  readonly application: Application;
  readonly subscription: Pick<CatchUpSubscription<unknown>, 'cursor' | 'catchUp'>;
  /** The number of ranges in the set, at most. Unread notifications before them are left out. */
  readonly limit: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  user(): UserFacts;
  send(unread: UnreadSet): void;
  onError(error: unknown): void;
}

export interface InboxUnreadSender {
  /** Call it when the set may have changed, or when a client joined. */
  changed(): void;
  /** Whether the last attempt failed. */
  readonly pending: boolean;
}

/** Milliseconds to wait until the inbox has delivered what the set covers. */
const CATCH_UP_TIMEOUT = 10_000;

export function createInboxUnreadSender({
  application,
  subscription,
  limit,
  now,
  user,
  send,
  onError,
}: InboxUnreadSenderDeps): InboxUnreadSender {
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
        await subscription.catchUp(AbortSignal.timeout(CATCH_UP_TIMEOUT));
      } while (seen !== changes);
      send({ ...found, cursor: subscription.cursor, timestamp: new Date(now()).toISOString() });
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
