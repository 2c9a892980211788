/**
 * Token buckets: each key may send a burst, and then a number per second. The answer is synchronous: with an
 * asynchronous answer, two events of one socket could change their order.
 */
import type { Rate } from '../options.ts';

export interface RateLimit {
  /**
   * Takes a token. Returns 0, or, when there is none, the seconds until there is one. `reserve`: the number of tokens
   * that must remain for others.
   */
  take(key: string, reserve?: number): number;
}

/** `now`: Unix time in milliseconds. Full buckets are dropped. */
export function createRateLimit({ burst, perSecond }: Rate, now: () => number): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>();
  const fullAfter = (burst / perSecond) * 1_000;
  let sweptAt = now();

  function sweep(time: number): void {
    sweptAt = time;
    for (const [key, { at }] of buckets) if (time - at > fullAfter) buckets.delete(key);
  }

  return {
    take(key, reserve = 0) {
      const time = now();
      if (time - sweptAt > fullAfter) sweep(time);
      const bucket = buckets.get(key) ?? { left: burst, at: time };
      buckets.set(key, bucket);
      bucket.left = Math.min(burst, bucket.left + ((time - bucket.at) / 1_000) * perSecond);
      bucket.at = time;
      if (bucket.left < 1 + reserve) return (1 + reserve - bucket.left) / perSecond;
      bucket.left -= 1;
      return 0;
    },
  };
}
