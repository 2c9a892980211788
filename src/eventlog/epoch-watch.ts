/**
 * The epoch of the log, as this process knows it. It changes when history was replaced (a restored backup). The relay or a
 * process that recorded a lost event notices, and publishes a signal. A signal may be lost: the log is also read at an
 * interval, and after each reconnection of the broker. A process has one watch; its parts add listeners.
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

/** What the watch needs of the broker. */
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
  /** The epoch in force when the log says that it is `known`: a new one when history was replaced all the same. */
  readonly confirm?: (known: string) => Promise<string>;
  /** Milliseconds. */
  readonly every: number;
  onError(error: unknown): void;
}

/** Resolves once it is known. */
export async function watchEpoch({ reader, broker, confirm, every, onError }: EpochWatchDeps): Promise<EpochWatch> {
  const listeners = new Set<() => void>();
  const subscription = broker.signals.subscribe(EPOCH_TOPIC, () => void look());
  let current: string | undefined;

  async function look(): Promise<void> {
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

  /** The failure of one listener must not keep the change from the others. */
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
  const timer = setInterval(() => void look(), every).unref();
  const stopReconnected = broker.onReconnected(() => void look());
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
