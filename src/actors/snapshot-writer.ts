/**
 * Writes snapshots behind the back of the actors: one statement at a time, of what gathered meanwhile, a newer snapshot
 * of a stream replacing one that still waits. What cannot be written is logged and forgotten: a snapshot saves time,
 * it keeps nothing that the log does not have.
 */
import { setImmediate } from 'node:timers/promises';
import type { Stream } from '../domain/event.ts';
import type { Log } from './log.ts';
import type { Snapshot, SnapshotStore } from './snapshots.ts';

/** Streams in one statement: few, because turning states into JSON holds up the event loop. */
const BATCH = 20;
/** Streams that may wait; further ones are left out while the database is slow. */
const WAITING = 5_000;

export interface SnapshotWriter {
  offer(snapshot: Snapshot): void;
  /** Drops what still waits: history was replaced. */
  forget(): void;
  /** Resolves when everything offered has been written or given up. */
  flush(): Promise<void>;
}

export function createSnapshotWriter(store: SnapshotStore, log: Log): SnapshotWriter {
  const waiting = new Map<Stream, Snapshot>();
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (waiting.size > 0) {
      // Those whose commands were just committed are answered first.
      await setImmediate();
      const batch = waiting.values().take(BATCH).toArray();
      for (const snapshot of batch) waiting.delete(snapshot.stream);
      try {
        await store.save(batch);
      } catch (error) {
        log.warn({ err: error, streams: batch.length }, 'snapshots not written');
      }
    }
    writing = undefined;
  }

  return {
    offer(snapshot) {
      if (waiting.size >= WAITING && !waiting.has(snapshot.stream)) return;
      waiting.set(snapshot.stream, snapshot);
      writing ??= write();
    },
    forget: () => waiting.clear(),
    async flush() {
      await writing;
    },
  };
}
