/**
 * Removes uploads that no message came to name, and what crashes left behind, every hour. Each node sweeps; what several
 * find at the same time they all remove, which is no different from one of them doing it. Bytes go before their record,
 * so that nothing is forgotten that is still there.
 */
import type { Logger } from 'pino';
import { rest } from '../support/sleep.ts';
import type { Records } from './records.ts';
import { removeLeftovers } from './spool.ts';
import type { AttachmentStore } from './store.ts';

const EVERY_MS = 3_600_000;
const BATCH = 100;
/** Older than any upload that is still arriving. */
const LEFTOVER_MS = 24 * 3_600_000;

export interface Sweep {
  /** Sweeps once, now. Rejects when something could not be removed; what is left is tried again next time. */
  run(): Promise<void>;
  close(): Promise<void>;
}

interface Parts {
  readonly records: Pick<Records, 'abandoned' | 'remove'>;
  readonly store: Pick<AttachmentStore, 'remove' | 'incoming'>;
  readonly now: () => number;
  readonly log: Logger;
}

export function startSweep({ records, store, now, log }: Parts): Sweep {
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
    if (removed > 0) log.info({ removed }, 'uploads that no message named were removed');
  }

  async function sweepRegularly(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await run();
      } catch (error) {
        log.warn({ err: error }, 'unused uploads could not be removed');
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
