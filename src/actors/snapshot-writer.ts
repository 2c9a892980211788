/**
 * Writes snapshots in the background, one statement at a time. A newer snapshot of a stream replaces one that still
 * waits. A failed write is logged and not repeated: a snapshot only saves time, the log has everything.
 */
import { setImmediate } from 'node:timers/promises';
import type { Stream } from '../domain/event.ts';
import type { Log } from './log.ts';
import type { Snapshot, SnapshotStore } from './snapshots.ts';

/** Snapshots in one statement: few, because serialising states blocks the event loop. */
const BATCH = 20;
/** Snapshots that may wait. While the database is slow, further ones are dropped. */
const WAITING = 5_000;

export interface SnapshotWriter {
  offer(snapshot: Snapshot): void;
  /** Drops the snapshots that still wait: history was replaced. */
  forget(): void;
  /** Resolves when all offered snapshots were written or failed. */
  flush(): Promise<void>;
}

export function createSnapshotWriter(store: SnapshotStore, log: Log): SnapshotWriter {
  const waiting = new Map<Stream, Snapshot>();
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (waiting.size > 0) {
      // Commands that were just committed are answered first.
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
