/**
 * The replay for one joining client, from the last version that it has to the cursor of the stream's sequencer.
 *
 * `next` returns the next step: read more of the log, or join in this tick and send `events` first. These end at the
 * cursor, so the stream's next event is the next one that this client needs. Before it joins, the client is in no room
 * and gets no live events. Recent events come from the ring of the sequencer, older ones from the log.
 */
import type { Sequencer } from './sequencer.ts';

export type ReplayStep<E> =
  | { readonly do: 'join'; readonly events: readonly E[] }
  | { readonly do: 'read'; readonly after: number }
  /** The client has a later version than the cursor: the stream must catch up, or the log does not have the version. */
  | { readonly do: 'wait'; readonly version: number }
  /** The client missed more than the replay limit. */
  | { readonly do: 'resync' };

export interface JoinReplay<E> {
  next(): ReplayStep<E>;
  /** Takes the result of the read that the last step asked for. True when the replay advanced. */
  pageRead(events: readonly E[], through: number): boolean;
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
    pageRead(events, through) {
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
