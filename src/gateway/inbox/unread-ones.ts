/**
 * Says which notifications of a user are unread, whenever some were read and to whoever comes. It is read from the read
 * model; what changes while it is being read makes it be read once more. It speaks of seqs up to where the inbox stood when
 * it was read, and is told once those were sent: so whoever hears both has the truth.
 */
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Queries, UnreadRanges } from '../../projections/queries/queries.ts';
import type { Feed } from '../delivery/catch-up-subscription.ts';
import type { UnreadOnes } from '../dialects/dialect.ts';

interface Parts {
  readonly queries: Pick<Queries, 'unreadNotifications'>;
  readonly feed: Pick<Feed<unknown>, 'cursor' | 'current'>;
  /** Of ranges that are named; what is unread before those stays unsaid. */
  readonly limit: number;
  readonly now: () => number;
  user(): UserFacts;
  tell(unread: UnreadOnes): void;
  onError(error: unknown): void;
}

export interface UnreadTeller {
  /** Something was read, or may have been. */
  changed(): void;
  /** Whether the last attempt to tell failed. */
  readonly owing: boolean;
}

/** Milliseconds. */
const PATIENCE = 10_000;

export function createUnreadOnes({ queries, feed, limit, now, user, tell, onError }: Parts): UnreadTeller {
  let changes = 0;
  let told = 0;
  let running = false;

  async function run(): Promise<void> {
    running = true;
    try {
      let seen: number;
      let found: UnreadRanges;
      do {
        seen = changes;
        found = await queries.unreadNotifications(user(), limit);
        await feed.current(AbortSignal.timeout(PATIENCE));
      } while (seen !== changes);
      tell({ ...found, cursor: feed.cursor, timestamp: new Date(now()).toISOString() });
      told = seen;
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
    get owing() {
      return !running && told !== changes;
    },
  };
}
