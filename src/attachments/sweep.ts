/**
 * Removes unused uploads, the files of deleted tickets, and leftovers of crashes, every hour. Each node sweeps;
 * removing a file or record twice is harmless. The bytes are removed before their record, so that no bytes remain
 * without a record.
 */
import type { Logger } from 'pino';
import { sleep } from '../support/sleep.ts';
import type { Records, StoredRecord } from './records.ts';
import { removeLeftovers } from './spool.ts';
import type { AttachmentStore } from './store.ts';

const EVERY_MS = 3_600_000;
const BATCH = 100;
/** Age at which no upload can still be arriving. */
const LEFTOVER_MS = 3_600_000;

export interface Sweep {
  /** Sweeps once, now. Rejects when a removal fails; the next sweep tries again. */
  run(): Promise<void>;
  close(): Promise<void>;
}

interface SweepDeps {
  readonly records: Pick<Records, 'abandoned' | 'ofDeletedTickets' | 'remove'>;
  readonly store: Pick<AttachmentStore, 'remove' | 'incoming'>;
  readonly now: () => number;
  readonly log: Logger;
}

export function startSweep({ records, store, now, log }: SweepDeps): Sweep {
  const closing = new AbortController();

  /** Removes all that `list` returns, a batch at a time. Returns how many these were. */
  async function removeAll(list: (limit: number) => Promise<readonly StoredRecord[]>): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = await list(BATCH);
      for (const { id, storageKey } of batch) {
        if (closing.signal.aborted) return removed;
        await store.remove(storageKey);
        await records.remove(id);
        removed += 1;
      }
      if (batch.length < BATCH) return removed;
    }
  }

  async function run(): Promise<void> {
    await removeLeftovers(store.incoming, LEFTOVER_MS, now());
    const unused = await removeAll(records.abandoned);
    const deleted = await removeAll(records.ofDeletedTickets);
    if (unused + deleted > 0) log.info({ unused, deleted }, 'removed unused uploads and files of deleted tickets');
  }

  async function sweepRegularly(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await run();
      } catch (error) {
        log.warn({ err: error }, 'cannot remove unused uploads and files of deleted tickets');
      }
      await sleep(EVERY_MS, closing.signal, { ref: false });
    }
  }

  const sweeping = sweepRegularly();
  return {
    run,
    async close() {
      closing.abort();
      await sweeping;
    },
  };
}
