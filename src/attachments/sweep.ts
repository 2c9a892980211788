/**
 * Removes unused uploads and leftovers of crashes, every hour. Each node sweeps; removing a file or record twice is
 * harmless. The bytes are removed before their record, so that no bytes remain without a record.
 */
import type { Logger } from 'pino';
import { rest } from '../support/sleep.ts';
import type { Records } from './records.ts';
import { removeLeftovers } from './spool.ts';
import type { AttachmentStore } from './store.ts';

const EVERY_MS = 3_600_000;
const BATCH = 100;
/** Age at which no upload can still be arriving. */
const LEFTOVER_MS = 24 * 3_600_000;

export interface Sweep {
  /** Sweeps once, now. Rejects when a removal fails; the next sweep tries again. */
  run(): Promise<void>;
  close(): Promise<void>;
}

interface SweepDeps {
  readonly records: Pick<Records, 'abandoned' | 'remove'>;
  readonly store: Pick<AttachmentStore, 'remove' | 'incoming'>;
  readonly now: () => number;
  readonly log: Logger;
}

export function startSweep({ records, store, now, log }: SweepDeps): Sweep {
  const closing = new AbortController();

  async function run(): Promise<void> {
    await removeLeftovers(store.incoming, LEFTOVER_MS, now());
    let removed = 0;
    for (;;) {
      const abandoned = await records.abandoned(BATCH);
      for (const { id, storageKey } of abandoned) {
        if (closing.signal.aborted) return;
        await store.remove(storageKey);
        await records.remove(id);
        removed += 1;
      }
      if (abandoned.length < BATCH) break;
    }
    if (removed > 0) log.info({ removed }, 'removed unused uploads');
  }

  async function sweepRegularly(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await run();
      } catch (error) {
        log.warn({ err: error }, 'cannot remove unused uploads');
      }
      await rest(EVERY_MS, closing.signal, { ref: false });
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
