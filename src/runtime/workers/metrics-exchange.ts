/**
 * Merges the metrics of all workers of a host: they share a port, so a scrape reaches one of them. That worker asks the
 * primary, and the primary asks every worker. A worker that does not answer in time is left out.
 */
import type { FromWorker, ToWorker } from './messages.ts';

/** Milliseconds. */
const TIMEOUT = 2_000;

export interface MetricsExchange {
  /** Sets the source of this worker's snapshots. */
  offer(snapshot: () => Promise<unknown>): void;
  /** Snapshots of all workers, or only of this one when the primary does not answer. */
  collect(): Promise<readonly unknown[]>;
  receive(message: ToWorker): void;
}

/** In a worker. */
export function createMetricsExchange(send: (message: FromWorker) => void): MetricsExchange {
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
      const timer = setTimeout(resolve, 2 * TIMEOUT, undefined);
      waiting.set(question, resolve);
      send({ deskwire: 'collect-metrics', question });
      const snapshots = await promise;
      clearTimeout(timer);
      waiting.delete(question);
      return snapshots ?? [await own()];
    },
    receive(message) {
      if (message.deskwire === 'metrics-wanted') {
        const { collection } = message;
        own().then(
          (snapshot) => send({ deskwire: 'metrics', collection, snapshot }),
          () => undefined, // Left out, like a worker that does not answer.
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
  /** Starts a collection for the worker with this number. */
  collect(asking: number, question: number): void;
  answered(worker: number, collection: number, snapshot: unknown): void;
}

/** In the primary. */
export function createMetricsCollector(
  workers: () => Iterable<number>,
  send: (worker: number, message: ToWorker) => void,
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
        if (collections.delete(number)) send(asking, { deskwire: 'metrics-collected', question, snapshots });
      };
      const timer = setTimeout(end, TIMEOUT).unref();
      const missing = new Set(workers());
      collections.set(number, { snapshots, missing, end });
      for (const worker of missing) send(worker, { deskwire: 'metrics-wanted', collection: number });
    },
    answered(worker, number, snapshot) {
      const collection = collections.get(number);
      if (collection === undefined || !collection.missing.delete(worker)) return;
      collection.snapshots.push(snapshot);
      if (collection.missing.size === 0) collection.end();
    },
  };
}
