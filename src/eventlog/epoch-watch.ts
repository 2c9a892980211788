/**
 * Watches the log's epoch for this process. It changes when history was replaced (a restored backup). The relay, or a
 * process that recorded a lost event, detects that and publishes a signal. A signal may be lost, so the epoch is also
 * read from the log at an interval and after each reconnection of the broker. A process has one watch with several
 * listeners.
 */
import type { EventReader } from './event-log.ts';

export interface EpochWatch {
  readonly current: string;
  /** Calls `listener` after each change, in the order in which listeners were added; the result removes it. */
  onChanged(listener: () => void): () => void;
  close(): void;
}

/** The signal of a process that has renewed the epoch. */
export const EPOCH_TOPIC = ['epoch'] as const;

/** The part of the broker that the watch uses. */
interface EpochSignals {
  readonly signals: {
    publish(topic: readonly string[], payload: object): void;
    subscribe(topic: readonly string[], listener: () => void): { close(): void };
  };
  onReconnected(listener: () => void): () => void;
}

interface EpochWatchDeps {
  readonly reader: Pick<EventReader, 'head'>;
  readonly broker: EpochSignals;
  /** Called with the log's epoch if it is unchanged. Returns a new epoch if history was replaced all the same. */
  readonly confirm?: (known: string) => Promise<string>;
  /** Milliseconds between two reads of the epoch. */
  readonly every: number;
  onError(error: unknown): void;
}

/** Resolves when the epoch is known; rejects when it cannot be read. */
export async function watchEpoch({ reader, broker, confirm, every, onError }: EpochWatchDeps): Promise<EpochWatch> {
  const listeners = new Set<() => void>();
  const subscription = broker.signals.subscribe(EPOCH_TOPIC, () => void check());
  let current: string | undefined;

  async function check(): Promise<void> {
    try {
      const { epoch } = await reader.head();
      const inForce = epoch === current && confirm ? await confirm(epoch) : epoch;
      if (inForce !== epoch) broker.signals.publish(EPOCH_TOPIC, { epoch: inForce });
      if (current === undefined || inForce === current) return;
      current = inForce;
      for (const listener of listeners) call(listener);
    } catch (error) {
      onError(error);
    }
  }

  /** A listener that throws must not keep the other listeners from being called. */
  function call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      onError(error);
    }
  }

  try {
    current = (await reader.head()).epoch;
  } catch (error) {
    subscription.close();
    throw error;
  }
  const known = current;
  const timer = setInterval(() => void check(), every).unref();
  const stopReconnected = broker.onReconnected(() => void check());
  return {
    get current() {
      return current ?? known;
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      clearInterval(timer);
      stopReconnected();
      subscription.close();
    },
  };
}
