/** Waits for conditions, so that tests never wait for time. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Polls until `condition` returns a truthy value, and returns it. A condition that throws counts as not true yet; its
 * last error is the cause of the failure.
 *
 * @param what completes "waited for …" in the failure.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  { timeoutMs = 30_000, everyMs = 10 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause });
    await sleep(everyMs);
  }
}
