/**
 * The wait before the next attempt: exponential, with full jitter, so that clients that were cut off together do not
 * come back together. Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
import type { Surroundings } from './surroundings.ts';

export interface Pace {
  /** Milliseconds: the upper bound of the first wait, and of any wait. */
  readonly first: number;
  readonly most: number;
}

export interface Backoff {
  /** Milliseconds to wait now. `atLeast`: the wait that the server asked for. */
  next(atLeast?: number): number;
  /** After a success. */
  reset(): void;
}

export function createBackoff({ first, most }: Pace, { random }: Pick<Surroundings, 'random'>): Backoff {
  let attempts = 0;
  return {
    next(atLeast = 0) {
      // The exponent stops at 30: 2 ** 30 is above any bound, and still a safe number.
      const bound = Math.min(most, first * 2 ** Math.min(attempts, 30));
      attempts += 1;
      return atLeast + random() * bound;
    },
    reset() {
      attempts = 0;
    },
  };
}
