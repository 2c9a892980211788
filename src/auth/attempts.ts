/**
 * Limits password guessing. Only failures count: an attempt is counted before the password is checked, so that guesses
 * made at once are limited too, and is taken back when the password was right. Counts are kept in Postgres, so that
 * neither a restart nor another node gives new attempts; while Postgres cannot be reached, they are kept in memory.
 *
 * | limit | counts failures of | so that |
 * |---|---|---|
 * | pair | one email from one network | nobody can lock a user out from another address |
 * | network | all emails from one network | one client cannot try many accounts |
 * | account | one email from all networks where its user never signed in | many clients cannot try one account |
 *
 * The limit of an account could lock its user out. So it does not hold for a network from which the user signed in
 * before: there, only the other two limits hold. Sessions continue in any case, since a refresh is no attempt. A
 * confirmed password reset clears the counts of the account.
 */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { DeskwireError } from '../domain/errors.ts';
import { networkOf } from '../support/address.ts';
import { normalizedEmail } from './credentials.ts';

const WINDOW_SECONDS = 300;
const ACCOUNT_WINDOW_SECONDS = 3_600;
const PER_PAIR = 10;
const PER_NETWORK = 100;
const PER_ACCOUNT = 50;
/** Mails with a link that one account, or one network, causes in an hour. */
const RESETS_PER_ACCOUNT = 3;
const RESETS_PER_NETWORK = 20;

export interface Attempt {
  /** The password was right: the attempt does not count, nor do the failures of this email from this network. */
  succeeded(): Promise<void>;
}

export interface LoginAttempts {
  /** Counts an attempt. Rejects with `rate_limited` when there were too many failures. */
  begin(email: string, address: string): Promise<Attempt>;
  /** Whether one more mail with a link may be sent. */
  mayRequestReset(email: string, address: string): Promise<boolean>;
  /** Forgets the failures of an account: its user has proved who they are in another way. */
  forget(email: string): Promise<void>;
}

export const UNLIMITED_ATTEMPTS: LoginAttempts = {
  begin: () => Promise.resolve({ succeeded: () => Promise.resolve() }),
  mayRequestReset: () => Promise.resolve(true),
  forget: () => Promise.resolve(),
};

/** `knows` tells whether the user with this email signed in from this network before. */
export function createLoginAttempts(
  pool: Pool,
  knows: (email: string, network: string) => Promise<boolean>,
): LoginAttempts {
  const limiter = (keyPrefix: string, points: number, duration: number) =>
    new RateLimiterPostgres({
      storeClient: pool,
      storeType: 'pool',
      schemaName: 'deskwire',
      tableName: 'login_attempts',
      tableCreated: true,
      keyPrefix,
      points,
      duration,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration }),
    });
  const pair = limiter('email', PER_PAIR, WINDOW_SECONDS);
  const perNetwork = limiter('address', PER_NETWORK, WINDOW_SECONDS);
  const account = limiter('account', PER_ACCOUNT, ACCOUNT_WINDOW_SECONDS);
  const resetsOfAccount = limiter('reset', RESETS_PER_ACCOUNT, 3_600);
  const resetsOfNetwork = limiter('resets', RESETS_PER_NETWORK, 3_600);

  return {
    async begin(given, address) {
      const email = normalizedEmail(given);
      const network = networkOf(address);
      await consume(perNetwork, keyOf(network));
      await consume(pair, keyOf(email, network));
      const known = await knows(email, network);
      if (!known) await consume(account, keyOf(email));
      return {
        async succeeded() {
          await pair.delete(keyOf(email, network));
          await perNetwork.reward(keyOf(network));
          if (!known) await account.reward(keyOf(email));
        },
      };
    },
    async mayRequestReset(given, address) {
      try {
        await consume(resetsOfNetwork, keyOf(networkOf(address)));
        await consume(resetsOfAccount, keyOf(normalizedEmail(given)));
        return true;
      } catch (error) {
        if (error instanceof DeskwireError) return false;
        throw error;
      }
    },
    async forget(email) {
      await account.delete(keyOf(normalizedEmail(email)));
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
