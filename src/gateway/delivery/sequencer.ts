/**
 * Puts the events of one stream into order, for the switch from replay to live.
 *
 * Live events may come late, twice, out of order, or never. A read of the log may be older than the live events. From
 * both, the sequencer delivers every version once and in order. Its `cursor` is the last version delivered:
 * - A version at or below the cursor was delivered before, and is dropped.
 * - The version cursor + 1 is delivered at once, with the versions that were waiting behind it.
 * - A higher version waits. `behind` says that the versions between must be read from the log and given to `gapRead`.
 *
 * Before `open`, the sequencer delivers nothing and keeps live events. `open` takes the head of the log, read after the
 * subscription began. `deliver` is called after the cursor has moved to the event, and must send before it returns: the
 * replay of a client that joins between two deliveries ends exactly at the cursor.
 *
 * The sequencer does no I/O and has no clock, so that tests can give it its inputs in every possible order.
 */

export interface SequencerOptions<E> {
  versionOf(event: E): number;
  deliver(event: E): void;
  /** The number of latest events that are kept for replays. */
  readonly ringSize: number;
  /** The number of events that may wait for an earlier one. Further ones are dropped, and read from the log later. */
  readonly waitingLimit: number;
}

export interface Sequencer<E> {
  /** The last version delivered; undefined before `open`. */
  readonly cursor: number | undefined;
  /** True when versions after the cursor are known and the next one is missing. */
  readonly behind: boolean;
  /** The stream had the version `head` after the subscription began. Delivery starts after it. */
  open(head: number): void;
  live(event: E): void;
  /** The stream has at least this version. */
  seen(version: number): void;
  /**
   * Takes the result of a read of the log: every event after some version at or below the cursor, up to and including
   * `through`. Versions that are missing in it do not exist for this stream.
   */
  gapRead(events: readonly E[], through: number): void;
  /** The events after `version` up to the cursor; undefined when the ring does not hold all of them. */
  recent(version: number): E[] | undefined;
}

export function createSequencer<E>(options: SequencerOptions<E>): Sequencer<E> {
  const { versionOf, deliver, ringSize, waitingLimit } = options;
  const waiting = new Map<number, E>();
  let ring: E[] = [];
  /** The ring holds every event after this version, up to the cursor. */
  let ringAfter = 0;
  let cursor: number | undefined;
  let highest = 0;
  let delivering = false;

  function advance(event: E, version: number): void {
    cursor = version;
    ring.push(event);
    // The ring is trimmed in bulk: to drop one event at a time would move the whole array at each event.
    if (ring.length >= ringSize * 2) trimRing();
    deliver(event);
  }

  function trimRing(): void {
    const cut = ring.length - ringSize;
    const last = ring[cut - 1];
    if (cut <= 0 || last === undefined) return;
    ringAfter = versionOf(last);
    ring = ring.slice(cut);
  }

  /** Delivers the events that wait directly after the cursor. */
  function drain(): void {
    if (cursor === undefined || delivering) return;
    delivering = true;
    try {
      for (let next = waiting.get(cursor + 1); next !== undefined; next = waiting.get(cursor + 1)) {
        waiting.delete(cursor + 1);
        advance(next, cursor + 1);
      }
    } finally {
      delivering = false;
    }
  }

  function dropDelivered(): void {
    for (const version of waiting.keys()) if (cursor !== undefined && version <= cursor) waiting.delete(version);
  }

  return {
    get cursor() {
      return cursor;
    },
    get behind() {
      return cursor !== undefined && highest > cursor;
    },
    open(head) {
      if (cursor !== undefined) return;
      cursor = head;
      ringAfter = head;
      dropDelivered();
      drain();
    },
    live(event) {
      const version = versionOf(event);
      highest = Math.max(highest, version);
      if (cursor !== undefined && version <= cursor) return;
      // The next version is always kept: without it, a full set of waiting events could never be delivered.
      if (waiting.size < waitingLimit || version === (cursor ?? 0) + 1) waiting.set(version, event);
      drain();
    },
    seen(version) {
      highest = Math.max(highest, version);
    },
    gapRead(events, through) {
      if (cursor === undefined || delivering) return;
      delivering = true;
      try {
        for (const event of events) {
          const version = versionOf(event);
          if (version > through) break;
          if (version > cursor) advance(event, version);
        }
        if (through > cursor) cursor = through;
      } finally {
        delivering = false;
      }
      dropDelivered();
      drain();
    },
    recent(version) {
      if (cursor === undefined || version < ringAfter || version > cursor) return undefined;
      return ring.filter((event) => versionOf(event) > version);
    },
  };
}
