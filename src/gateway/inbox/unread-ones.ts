/**
 * Says which notifications of a user are unread, whenever some were read and to whoever comes. It is read from the read
 * model; what changes while it is being read makes it be read once more. It speaks of seqs up to where the inbox stood
 * before it was read, and is told once those were sent: so whoever hears both has the truth.
 */
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Queries } from '../../projections/queries.ts';
import type { UnreadOnes } from '../dialects/dialect.ts';
import type { Feed } from '../feed/feed.ts';

interface Parts {
  readonly queries: Pick<Queries, 'inbox' | 'notifications'>;
  readonly feed: Pick<Feed<unknown>, 'cursor' | 'current'>;
  /** How many are named; when there are more, none is. */
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

const PAGE = 100;
/** Milliseconds. */
const PATIENCE = 10_000;

export function createUnreadOnes({ queries, feed, limit, now, user, tell, onError }: Parts): UnreadTeller {
  let changes = 0;
  let told = 0;
  let running = false;

  async function read(): Promise<Omit<UnreadOnes, 'cursor' | 'timestamp'>> {
    const { seq: upTo } = await queries.inbox(user());
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Queries['notifications']>> = await queries.notifications(user(), {
        unread: true,
        limit: PAGE,
        ...(cursor !== null && { cursor }),
      });
      for (const { id, seq } of page.items) if (seq <= upTo) ids.push(id);
      cursor = page.nextCursor;
    } while (cursor !== null && ids.length <= limit);
    if (cursor === null && ids.length <= limit) return { upTo, count: ids.length, ids };
    return { upTo, count: (await queries.inbox(user())).unread, ids: null };
  }

  async function run(): Promise<void> {
    running = true;
    try {
      let seen: number;
      let found: Awaited<ReturnType<typeof read>>;
      do {
        seen = changes;
        found = await read();
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
