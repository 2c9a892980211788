/** Tests the waits between a client's attempts. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBackoff } from '../../../src/client/backoff.ts';

const pace = { first: 100, most: 1_000 };

it('doubles the bound with each attempt, up to the largest, and starts again after a success', () => {
  const backoff = createBackoff(pace, { random: () => 1 });
  expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

it('waits a random time up to the bound, so that many clients do not reconnect at once', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2_000), (chance, attempts) => {
      const backoff = createBackoff(pace, { random: () => chance });
      for (let at = 0; at < attempts; at += 1) backoff.next();
      const wait = backoff.next();
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(pace.most);
      expect(wait).toBe(chance * Math.min(pace.most, pace.first * 2 ** Math.min(attempts, 30)));
    }),
  );
});

it('waits at least as long as the server asked', () => {
  const backoff = createBackoff(pace, { random: () => 0 });
  expect(backoff.next(5_000)).toBe(5_000);
});
