/**
 * The log in large batches for several rebuilds at once: each batch is read from Postgres and decoded once. Whoever is
 * ahead waits for the slowest, so that a batch need not be kept, nor read again, for long.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { EventReader } from '../../eventlog/event-log.ts';

export interface LogBatches {
  join(): LogBatchReader;
}

export interface LogBatchReader extends Disposable {
  /** The next events after `position`, none beyond `upTo`; at least one if there is any. */
  read(position: number, upTo: number): Promise<readonly RecordedEvent[]>;
}

/** Events per batch: large enough that a round trip and a commit do not matter. */
const BATCH = 5_000;
/** How many batches one may be ahead of another. */
const LEAD = 3;

export function createLogBatches(reader: Pick<EventReader, 'readLog'>): LogBatches {
  const kept = new Map<number, Promise<readonly RecordedEvent[]>>();
  const places = new Map<symbol, number>();
  const waiting: (() => void)[] = [];

  const slowest = () => Math.min(...places.values());

  const moved = () => {
    for (const batch of kept.keys()) if (batch < slowest()) kept.delete(batch);
    for (const wake of waiting.splice(0)) wake();
  };

  const whole = (batch: number) => {
    let events = kept.get(batch);
    if (events === undefined) {
      events = reader.readLog(batch * BATCH, BATCH);
      events.catch(() => kept.delete(batch));
      kept.set(batch, events);
    }
    return events;
  };

  return {
    join() {
      const me = Symbol('reader');
      places.set(me, 0);
      return {
        async read(position, upTo) {
          const batch = Math.floor(position / BATCH);
          if (places.get(me) !== batch) {
            places.set(me, batch);
            moved();
          }
          while (batch > slowest() + LEAD) await new Promise<void>((resolve) => waiting.push(resolve));
          // What is at the end of the log is read as it is now, and not kept.
          if ((batch + 1) * BATCH > upTo) return reader.readLog(position, Math.min(upTo - position, BATCH));
          if ((batch + 2) * BATCH <= upTo) void whole(batch + 1);
          return (await whole(batch)).slice(position - batch * BATCH);
        },
        [Symbol.dispose]() {
          places.delete(me);
          moved();
        },
      };
    },
  };
}
