/**
 * New ids: UUIDs of version 7, each greater than the ones before it in this process. Randomness is taken from the
 * system for many at once, because asking for it is dearer than all the rest, and a request takes several ids.
 */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const ID_BYTES = 16;
const IDS_AT_ONCE = 256;

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
    // Starts below half of its 32 bits, so that no millisecond can use up the rest.
    sequence = time > latest ? random.readUInt32BE(0) >>> 1 : sequence + 1;
    latest = Math.max(latest, time);
    return v7({ random, msecs: latest, seq: sequence });
  };
}
