/**
 * The way of one joining socket from the last version it saw to the cursor of the room's sequencer.
 *
 * `next` says what to do now: read on from the log, or join, in this very tick, sending `events` first: they end at the
 * cursor, so the next event that the room gets is the next one that this socket needs. Until then the socket is in no
 * room and gets nothing live. What the ring of recent events covers is taken from it, the rest from the log.
 */
import type { Sequencer } from './sequencer.ts';

export type CatchUpStep<E> =
  | { readonly do: 'join'; readonly events: readonly E[] }
  | { readonly do: 'read'; readonly after: number }
  /** The socket has seen more than the room: the room must catch up first, or the socket's version is not of this log. */
  | { readonly do: 'wait'; readonly version: number }
  /** More was missed than is replayed. */
  | { readonly do: 'resync' };

export interface CatchUp<E> {
  next(): CatchUpStep<E>;
  /** What a read after the version that `next` named found; true when it brought the socket further. */
  filled(events: readonly E[], through: number): boolean;
}

export function catchUp<E>(
  sequencer: Sequencer<E>,
  versionOf: (event: E) => number,
  from: number,
  replayLimit: number,
): CatchUp<E> {
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
