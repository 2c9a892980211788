/**
 * The newest events of the log in memory: a bounded run of consecutive positions. A reader within the window needs no
 * I/O. A reader behind the window reads Postgres until it has caught up.
 *
 * Batches that arrive ahead of the window are kept aside, as one consecutive run with the same bound. When the missing
 * events have been fetched, the kept ones are appended, so that a feed under constant load catches up.
 */
import type { RecordedEvent } from '../../domain/event.ts';

export type Added = 'advanced' | 'known' | 'gap';

export interface LogWindow {
  /** The position of the newest event of the window. */
  readonly end: number;
  /** Adds a batch. `gap`: events between `end` and the batch are missing, or the batch itself is not consecutive. */
  add(events: readonly RecordedEvent[]): Added;
  /** Returns up to `limit` events after `position`, or undefined when the window does not reach back that far. */
  after(position: number, limit: number): readonly RecordedEvent[] | undefined;
  /** Starts over, empty, at `position`. */
  reset(position: number): void;
}

/** `capacity` is in events. The window holds up to a quarter more between two trims. */
export function createLogWindow(capacity: number): LogWindow {
  let events: RecordedEvent[] = [];
  let end = 0;
  let ahead: RecordedEvent[] = [];

  const append = (batch: readonly RecordedEvent[]) => {
    for (const event of batch) {
      if (event.position !== end + 1) continue;
      events.push(event);
      end = event.position;
    }
    if (events.length > capacity * 1.25) events = events.slice(events.length - capacity);
  };

  const keepAside = (batch: readonly RecordedEvent[]) => {
    const next = (ahead.at(-1)?.position ?? Number.NaN) + 1;
    if (batch[0]?.position !== next || ahead.length + batch.length > capacity) ahead = [];
    if (batch.length <= capacity) for (const event of batch) ahead.push(event);
  };

  return {
    get end() {
      return end;
    },
    add(batch) {
      const first = batch[0]?.position;
      const last = batch.at(-1)?.position;
      if (first === undefined || last === undefined) return 'known';
      if (!consecutive(batch)) return 'gap';
      if (last <= end) return 'known';
      if (first > end + 1) {
        keepAside(batch);
        return 'gap';
      }
      append(batch);
      if (ahead.length > 0 && (ahead[0]?.position ?? 0) <= end + 1) {
        append(ahead);
        ahead = [];
      }
      return 'advanced';
    },
    after(position, limit) {
      if (position >= end) return [];
      const start = events.length - (end - position);
      return start < 0 ? undefined : events.slice(start, start + limit);
    },
    reset(position) {
      events = [];
      ahead = [];
      end = position;
    },
  };
}

export function consecutive(batch: readonly RecordedEvent[]): boolean {
  const first = batch[0]?.position ?? 0;
  return batch.every((event, index) => event.position === first + index);
}
