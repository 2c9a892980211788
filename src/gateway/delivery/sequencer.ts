/**
 * Puts what happens in one stream into order for a room: the heart of the switch from replay to live.
 *
 * Live events may come late, twice, out of order, or never; reads of the log may be older than what came live. Out of
 * these the sequencer delivers every version once and in order. It has a `cursor`, the last version delivered:
 * - a version at or below the cursor was delivered, and is dropped;
 * - cursor + 1 is delivered at once, with whatever was waiting behind it;
 * - a higher one waits, and `behind` says that versions in between must be read from the log and given to `filled`.
 *
 * Before `open` tells it where the log stood after the subscription began, it delivers nothing and keeps what comes.
 * It does no I/O and knows no time, so that tests can put its inputs in every possible order. `deliver` is called with
 * the cursor already on that event, and what it sends must be sent before it returns: whoever joins the room between
 * two deliveries has replayed exactly up to the cursor.
 */

export interface SequencerOptions<E> {
  versionOf(event: E): number;
  deliver(event: E): void;
  /** How many of the latest events are kept for replays. */
  readonly ringSize: number;
  /** How many events may wait for an earlier one; more are dropped, and read from the log when it is their turn. */
  readonly waitingLimit: number;
}

export interface Sequencer<E> {
  /** The last version delivered; undefined before `open`. */
  readonly cursor: number | undefined;
  /** True when later versions than the cursor are known of and the next one is not here. */
  readonly behind: boolean;
  /** The stream stood at `head` some time after the subscription began: delivery starts behind it. */
  open(head: number): void;
  live(event: E): void;
  /** The stream has at least this version. */
  seen(version: number): void;
  /**
   * What a read of the log found: every event there is after some version at or below the cursor, up to and including
   * `through`. Versions that it leaves out do not exist for this room.
   */
  filled(events: readonly E[], through: number): void;
  /** The events after `version` up to the cursor; undefined when that is more than is kept. */
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
    // Trimmed in bulk: dropping one at a time would move the whole array at each event.
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

  /** Delivers what waits directly behind the cursor. */
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
      // The next in line is always taken, or a full waiting room could never empty itself.
      if (waiting.size < waitingLimit || version === (cursor ?? 0) + 1) waiting.set(version, event);
      drain();
    },
    seen(version) {
      highest = Math.max(highest, version);
    },
    filled(events, through) {
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
