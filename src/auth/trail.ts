/**
 * The trail of sign-ins: one line in the process's log and one event in the user's stream for each success, failure and
 * refusal, and for each change of a password, a session or a key. Neither shows a secret.
 *
 * Guesses must not grow the log. Of each activity of a user, five in five minutes are recorded one by one. The others
 * are counted, and the count is recorded when the five minutes end. An activity without a user has a line only, never
 * an event. A process keeps 10,000 such counts, and one count for all others. A crash loses counts of the trail only:
 * the limits of attempts are kept in Postgres.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { ActorSystem } from '../actors/actor-system.ts';
import type { AccountActivity } from '../domain/user/events.ts';
import { systemAuthor, type UserFacts } from '../domain/user/identity.ts';

const WINDOW_MS = 300_000;
const ONE_BY_ONE = 5;
const MAX_COUNTS = 10_000;
const DESKWIRE = systemAuthor('deskwire:accounts', 'Deskwire');

export interface Activity {
  readonly activity: AccountActivity | 'token_refused';
  /** Undefined when it names no user: an unknown email, a token without a subject. */
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly device?: string | undefined;
  readonly address?: string | undefined;
  /** The reason of a refusal, for the log only. */
  readonly reason?: string | undefined;
  /** The author, when it is not the user: an admin, an operator. */
  readonly by?: UserFacts;
}

export interface Trail {
  /** Returns at once. An activity that cannot be recorded is reported in the log. */
  record(activity: Activity): void;
  /** Records the counts that wait. Resolves when everything is recorded. */
  close(): Promise<void>;
}

interface Count {
  readonly last: Activity;
  seen: number;
  /** Of `seen`, those that are not recorded yet. */
  waiting: number;
  readonly timer: NodeJS.Timeout;
}

export function createTrail(deps: {
  readonly actors: Pick<ActorSystem, 'record'>;
  readonly log: Logger;
  readonly newId: () => string;
  /** Milliseconds; five minutes when absent. */
  readonly window?: number;
}): Trail {
  const { actors, log, newId, window = WINDOW_MS } = deps;
  const recording = new Set<Promise<void>>();
  const counts = new LRUCache<string, Count>({ max: MAX_COUNTS, dispose: (count) => flush(count) });

  function write(activity: Activity, count: number): void {
    const { by, ...facts } = activity;
    log.info({ audit: true, ...facts, ...(by && { by: by.id }), ...(count > 1 && { count }) }, 'account activity');
    if (activity.userId === undefined || activity.activity === 'token_refused') return;
    const done = recordEvent(activity.userId, activity.activity, activity, count)
      .catch((error: unknown) => log.warn({ err: error, ...facts }, 'cannot record an account activity'))
      .finally(() => recording.delete(done));
    recording.add(done);
  }

  async function recordEvent(
    userId: string,
    activity: AccountActivity,
    { sessionId, device, address, by = DESKWIRE }: Activity,
    count: number,
  ): Promise<void> {
    const command = {
      type: 'RecordAccountActivity',
      activity,
      ...(count > 1 && { count }),
      ...(sessionId !== undefined && count === 1 && { sessionId }),
      ...(device !== undefined && count === 1 && { device }),
    } as const;
    await actors.record('user', userId, command, {
      commandId: `deskwire:accounts:${newId()}`,
      by,
      correlationId: newId(),
      ...(address !== undefined && { address }),
    });
  }

  function flush(count: Count): void {
    clearTimeout(count.timer);
    if (count.waiting > 0) write(count.last, count.waiting);
  }

  return {
    record(activity) {
      const key = JSON.stringify([activity.activity, activity.userId ?? null, activity.reason ?? null]);
      const known = counts.get(key);
      if (known === undefined) {
        const timer = setTimeout(() => counts.delete(key), window).unref();
        counts.set(key, { last: activity, seen: 1, waiting: 0, timer });
      } else {
        known.seen += 1;
        if (known.seen > ONE_BY_ONE) {
          known.waiting += 1;
          return;
        }
      }
      write(activity, 1);
    },
    async close() {
      counts.clear();
      await Promise.all(recording);
    },
  };
}
