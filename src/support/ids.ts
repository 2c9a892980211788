/**
 * New ids: UUIDs of version 7, each greater than the ones before it in this process. Random bytes are read from the
 * system for many ids at once, because that call costs more than all the rest.
 */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const ID_BYTES = 16;
const IDS_AT_ONCE = 256;

/** `now`: Unix time in milliseconds. */
export function createIds(now: () => number): () => string {
  const randomness = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
  let used = randomness.length;
  let latest = 0;
  let sequence = 0;

  return () => {
    if (used === randomness.length) {
      randomFillSync(randomness);
      used = 0;
    }
    const random = randomness.subarray(used, used + ID_BYTES);
    used += ID_BYTES;
    const time = now();
    // Starts in the lower half of 32 bits, so that one millisecond cannot use up the other half.
    sequence = time > latest ? random.readUInt32BE(0) >>> 1 : sequence + 1;
    latest = Math.max(latest, time);
    return v7({ random, msecs: latest, seq: sequence });
  };
}
