/**
 * Rendezvous hashing: each node has a score for each stream, and a stream belongs to the node with the highest score.
 * Processes with the same list of nodes find the same owner without communication. Each node gets an even share. When a
 * node comes or goes, only its own streams change their owner.
 */

/** The candidate with the highest score for `key`; undefined if there is none. */
export function highestOf<N extends Candidate>(key: string, candidates: Iterable<N>): N | undefined {
  const hashed = hashOf(key);
  let best: N | undefined;
  let bestScore = -1;
  for (const candidate of candidates) {
    const score = scramble(hashed ^ candidate.hash);
    if (score > bestScore || (score === bestScore && best !== undefined && candidate.id < best.id)) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

export interface Candidate {
  readonly id: string;
  /** `hashOf(id)`. */
  readonly hash: number;
}

/** FNV-1a over UTF-16 code units, scrambled: 32 bits, unsigned. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return scramble(hash);
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the bits of the output. */
function scramble(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
