/**
 * The epoch of the log, as this process knows it. It changes when history was replaced under it (a restored backup):
 * looked at from time to time, and after each reconnection of the broker.
 */
import type { Broker } from '../broker/port.ts';
import type { EventReader } from '../eventlog/event-log.ts';

export interface Epoch {
  readonly current: string;
  close(): void;
}

interface Parts {
  readonly reader: Pick<EventReader, 'head'>;
  readonly broker: Pick<Broker, 'onReconnected'>;
  /** Milliseconds. */
  readonly every: number;
  onChanged(): void;
  onError(error: unknown): void;
}

/** Resolves once it is known. */
export async function watchEpoch({ reader, broker, every, onChanged, onError }: Parts): Promise<Epoch> {
  let current = (await reader.head()).epoch;

  async function look(): Promise<void> {
    try {
      const { epoch } = await reader.head();
      if (epoch === current) return;
      current = epoch;
      onChanged();
    } catch (error) {
      onError(error);
    }
  }

  const timer = setInterval(() => void look(), every).unref();
  const stopReconnected = broker.onReconnected(() => void look());
  return {
    get current() {
      return current;
    },
    close() {
      clearInterval(timer);
      stopReconnected();
    },
  };
}
