/**
 * Hashes and verifies passwords with argon2id, a few at a time. Each hash takes a thread of Node's pool, a core and 19
 * MiB for tens of milliseconds. The same threads read files and look up names, so hashes never take all threads,
 * nor all cores. Further hashes wait, up to a bound.
 */
import { availableParallelism } from 'node:os';
import * as argon2 from '@node-rs/argon2';
import { DeskwireError } from '../domain/errors.ts';

export interface PasswordHashing {
  /** Rejects with `unavailable` when too many wait. */
  hash(password: string): Promise<string>;
  /** Whether the hash is of this password. Rejects with `unavailable` when too many wait. */
  verify(hashed: string, password: string): Promise<boolean>;
}

export interface HashingLimits {
  readonly atOnce: number;
  readonly waiting: number;
}

/** Of the four threads of the pool, one stays free; of the cores, one stays free for the event loop. */
const LIMITS: HashingLimits = { atOnce: Math.max(1, Math.min(3, availableParallelism() - 1)), waiting: 200 };

/** `using`: the hash functions; argon2id with the parameters of OWASP (the package's defaults) when absent. */
export function createPasswordHashing(
  { atOnce, waiting }: HashingLimits = LIMITS,
  using: PasswordHashing = argon2,
): PasswordHashing {
  const queue: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (running < atOnce) running += 1;
    else if (queue.length < waiting) await new Promise<void>((resolve) => queue.push(resolve));
    else throw new DeskwireError('unavailable', 'Too many are signing in right now', { retryAfter: 1 });
    try {
      return await task();
    } finally {
      // The hash that has waited longest gets the place.
      const next = queue.shift();
      if (next !== undefined) next();
      else running -= 1;
    }
  }

  return {
    hash: (password) => inTurn(() => using.hash(password)),
    verify: (hashed, password) => inTurn(() => using.verify(hashed, password)),
  };
}
