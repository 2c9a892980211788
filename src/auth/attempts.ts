/**
 * Limits password guessing: per email and address, so that nobody can lock a user out from another address, and per
 * address over all emails. Attempts are counted in Postgres, so that neither a restart nor another node gives new
 * attempts. While Postgres cannot be reached, they are counted in memory.
 */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { DeskwireError } from '../domain/errors.ts';

const WINDOW_SECONDS = 300;
const PER_EMAIL_AND_ADDRESS = 10;
const PER_ADDRESS = 100;

export interface LoginAttempts {
  /** Counts an attempt. Rejects with `rate_limited` when there were too many. */
  count(email: string, address: string): Promise<void>;
  /** Forgets the failed attempts before a success. */
  succeeded(email: string, address: string): Promise<void>;
}

export const UNLIMITED_ATTEMPTS: LoginAttempts = {
  count: () => Promise.resolve(),
  succeeded: () => Promise.resolve(),
};

export function createLoginAttempts(pool: Pool): LoginAttempts {
  const limiter = (keyPrefix: string, points: number) =>
    new RateLimiterPostgres({
      storeClient: pool,
      storeType: 'pool',
      schemaName: 'deskwire',
      tableName: 'login_attempts',
      tableCreated: true,
      keyPrefix,
      points,
      duration: WINDOW_SECONDS,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS }),
    });
  const perEmail = limiter('email', PER_EMAIL_AND_ADDRESS);
  const perAddress = limiter('address', PER_ADDRESS);

  return {
    async count(email, address) {
      await consume(perAddress, keyOf(address));
      await consume(perEmail, keyOf(email.trim().toLowerCase(), address));
    },
    async succeeded(email, address) {
      await perEmail.delete(keyOf(email.trim().toLowerCase(), address));
    },
  };
}

async function consume(limiter: RateLimiterPostgres, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new DeskwireError('rate_limited', 'Too many login attempts', {
      retryAfter: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)),
    });
  }
}

/** A hash keeps emails out of the table and the keys short. */
function keyOf(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('base64url');
}
