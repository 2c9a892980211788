/**
 * Large batches of the log for several rebuilds at the same time. Each batch is read from Postgres and decoded once. A
 * reader that is ahead waits for the slowest one, so that few batches are kept and none is read again.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { EventReader } from '../../eventlog/event-log.ts';

export interface LogBatches {
  join(): LogBatchReader;
}

export interface LogBatchReader extends Disposable {
  /** The next events after `position`, none beyond `upTo`; empty only if there are none. */
  read(position: number, upTo: number): Promise<readonly RecordedEvent[]>;
}

/** Events per batch: so many that a round trip and a commit hardly count. */
const BATCH = 5_000;
/** Batches by which a reader may be ahead of the slowest. */
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
          // The batch at the end of the log may still grow, so it is not kept.
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
