/**
 * The metrics of all workers of a host in one answer: whoever asks one of them, over a port that they share, asks them
 * all. The asked worker asks the primary, which asks every worker; one that does not answer in time is left out.
 */
import type { FromWorker, ToWorker } from './messages.ts';

/** Milliseconds. */
const PATIENCE = 2_000;

export interface MetricsExchange {
  /** From now on this is what this worker tells of itself. */
  offer(snapshot: () => Promise<unknown>): void;
  /** Those of every worker, this one's among them; this one's alone when the primary does not answer. */
  collect(): Promise<readonly unknown[]>;
  hear(message: ToWorker): void;
}

/** In a worker. */
export function createMetricsExchange(tell: (message: FromWorker) => void): MetricsExchange {
  const waiting = new Map<number, (snapshots: readonly unknown[]) => void>();
  let own: () => Promise<unknown> = async () => [];
  let questions = 0;

  return {
    offer(snapshot) {
      own = snapshot;
    },
    async collect() {
      questions += 1;
      const question = questions;
      const { promise, resolve } = Promise.withResolvers<readonly unknown[] | undefined>();
      const timer = setTimeout(resolve, 2 * PATIENCE, undefined);
      waiting.set(question, resolve);
      tell({ deskwire: 'collect-metrics', question });
      const snapshots = await promise;
      clearTimeout(timer);
      waiting.delete(question);
      return snapshots ?? [await own()];
    },
    hear(message) {
      if (message.deskwire === 'metrics-wanted') {
        const { collection } = message;
        own().then(
          (snapshot) => tell({ deskwire: 'metrics', collection, snapshot }),
          () => undefined, // Left out, as one that does not answer.
        );
      } else if (message.deskwire === 'metrics-collected') {
        waiting.get(message.question)?.(message.snapshots);
      }
    },
  };
}

interface Collection {
  readonly snapshots: unknown[];
  readonly missing: Set<number>;
  end(): void;
}

export interface MetricsCollector {
  /** A worker, by its number, asks for everybody's. */
  collect(asking: number, question: number): void;
  answered(worker: number, collection: number, snapshot: unknown): void;
}

/** In the primary. */
export function createMetricsCollector(
  workers: () => Iterable<number>,
  tell: (worker: number, message: ToWorker) => void,
): MetricsCollector {
  const collections = new Map<number, Collection>();
  let last = 0;

  return {
    collect(asking, question) {
      last += 1;
      const number = last;
      const snapshots: unknown[] = [];
      const end = () => {
        clearTimeout(timer);
        if (collections.delete(number)) tell(asking, { deskwire: 'metrics-collected', question, snapshots });
      };
      const timer = setTimeout(end, PATIENCE).unref();
      const missing = new Set(workers());
      collections.set(number, { snapshots, missing, end });
      for (const worker of missing) tell(worker, { deskwire: 'metrics-wanted', collection: number });
    },
    answered(worker, number, snapshot) {
      const collection = collections.get(number);
      if (collection === undefined || !collection.missing.delete(worker)) return;
      collection.snapshots.push(snapshot);
      if (collection.missing.size === 0) collection.end();
    },
  };
}
