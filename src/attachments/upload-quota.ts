/**
 * Bounds the bytes that a user uploads in 24 hours. Stored uploads are counted in the database, for all
 * nodes together. An upload that was refused after its arrival leaves no record, and is counted in this process.
 */
import { uploadsForMany } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';

export interface UploadQuota {
  /** Rejects with `rate_limited` when the user has uploaded too much. */
  require(user: UserFacts): Promise<void>;
  /** Counts the bytes of an upload that arrived and was refused. */
  countRefused(userId: string, bytes: number): void;
}

export interface UploadQuotaDeps {
  /** The bytes of the uploads of the last 24 hours that were kept. */
  readonly keptBytes: (userId: string) => Promise<number>;
  /** For a requester; staff and services may upload ten times as many. */
  readonly bytesPerDay: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

const DAY_MS = 24 * 3_600_000;
const STAFF_FACTOR = 10;
/** Seconds. The window moves on with every upload that becomes a day old. */
const RETRY_AFTER = 3_600;

export function createUploadQuota({ keptBytes, bytesPerDay, now }: UploadQuotaDeps): UploadQuota {
  const refused = new Map<string, number>();
  let since = now();

  /** All counts start again once a day: they are few, and need not be exact. */
  function refusedBytes(userId: string): number {
    if (now() - since >= DAY_MS) {
      refused.clear();
      since = now();
    }
    return refused.get(userId) ?? 0;
  }

  return {
    async require(user) {
      const { id } = user;
      const most = uploadsForMany(user) ? STAFF_FACTOR * bytesPerDay : bytesPerDay;
      if (refusedBytes(id) + (await keptBytes(id)) < most) return;
      const megabytes = Math.floor(most / 1_048_576);
      throw new DeskwireError('rate_limited', `You may upload ${megabytes} MB a day`, { retryAfter: RETRY_AFTER });
    },
    countRefused(userId, bytes) {
      refused.set(userId, refusedBytes(userId) + bytes);
    },
  };
}
