/**
 * Refuses a message that was accepted before. Each sender counts its messages. A receiver remembers the highest number
 * and which of the last 4,096 numbers have arrived, as IPsec does (RFC 4303, section 3.4.3). So it needs no clock, and
 * half a kilobyte for each sender. Only messages with a valid MAC reach it, so nobody else can fill it.
 */
export interface ReplayWindow {
  /** Whether a message of this sender arrived before. */
  knows(sender: string): boolean;
  /** Whether this message is new. A new one is remembered. */
  accept(sender: string, number: number): boolean;
}

const WINDOW = 4_096;

interface Heard {
  highest: number;
  readonly bits: Uint32Array;
}

/**
 * @param maxSenders One for each start of a process. The sender that has been silent for longest is forgotten first.
 */
export function createReplayWindow(maxSenders = 10_000): ReplayWindow {
  const senders = new Map<string, Heard>();

  function heardFrom(sender: string): Heard {
    const heard = senders.get(sender) ?? { highest: 0, bits: new Uint32Array(WINDOW / 32) };
    // The order of a Map is the order of insertion.
    senders.delete(sender);
    senders.set(sender, heard);
    if (senders.size > maxSenders) {
      const [oldest] = senders.keys();
      if (oldest !== undefined) senders.delete(oldest);
    }
    return heard;
  }

  return {
    knows: (sender) => senders.has(sender),
    accept(sender, number) {
      const heard = heardFrom(sender);
      const { bits, highest } = heard;
      if (number <= highest - WINDOW) return false;
      const word = (number % WINDOW) >>> 5;
      const bit = 1 << (number & 31);
      if (number <= highest) {
        if (((bits[word] ?? 0) & bit) !== 0) return false;
      } else if (number - highest >= WINDOW) {
        bits.fill(0);
        heard.highest = number;
      } else {
        for (let skipped = highest + 1; skipped <= number; skipped += 1) clear(bits, skipped);
        heard.highest = number;
      }
      bits[word] = (bits[word] ?? 0) | bit;
      return true;
    },
  };
}

function clear(bits: Uint32Array, number: number): void {
  const word = (number % WINDOW) >>> 5;
  bits[word] = (bits[word] ?? 0) & ~(1 << (number & 31));
}
