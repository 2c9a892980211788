/**
 * The replay for one joining client, from the last version that it has to the cursor of the stream's sequencer.
 *
 * `next` returns the next step: read more of the log, or join in this tick and send `events` first. They end at the
 * cursor, so the next event of the stream is the next one that this client needs. Until then the client is in no room
 * and gets no live events. Recent events come from the ring, older ones from the log.
 */
import type { Sequencer } from './sequencer.ts';

export type ReplayStep<E> =
  | { readonly do: 'join'; readonly events: readonly E[] }
  | { readonly do: 'read'; readonly after: number }
  /** The client has more than the stream here: the stream must catch up first, or the version is not of this log. */
  | { readonly do: 'wait'; readonly version: number }
  /** The client missed more than the replay limit. */
  | { readonly do: 'resync' };

export interface JoinReplay<E> {
  next(): ReplayStep<E>;
  /** Adds the result of a read after the version of the last step. True when the replay advanced. */
  filled(events: readonly E[], through: number): boolean;
}

export function createJoinReplay<E>(
  sequencer: Sequencer<E>,
  versionOf: (event: E) => number,
  from: number,
  replayLimit: number,
): JoinReplay<E> {
  const missed: E[] = [];
  let at = from;
  return {
    next() {
      const { cursor } = sequencer;
      if (cursor === undefined || at > cursor) return { do: 'wait', version: at };
      if (cursor - from > replayLimit) return { do: 'resync' };
      const recent = sequencer.recent(at);
      if (recent === undefined) return { do: 'read', after: at };
      return { do: 'join', events: missed.concat(recent) };
    },
    filled(events, through) {
      if (through <= at) return false;
      for (const event of events) {
        const version = versionOf(event);
        if (version > at && version <= through) missed.push(event);
      }
      at = through;
      return true;
    },
  };
}
