/**
 * The epoch of the log, as this process knows it. It changes when history was replaced under it (a restored backup): the
 * relay finds out, or whoever recorded what is gone, and says so. Since signals may be lost, the log is also looked at from
 * time to time, and after each reconnection of the broker.
 */

import type { Broker } from '../broker/port.ts';
import type { EventReader } from './event-log.ts';

export interface Epoch {
  readonly current: string;
  close(): void;
}

/** Told by whoever has renewed the epoch. */
export const EPOCH_TOPIC = ['epoch'] as const;

interface Parts {
  readonly reader: Pick<EventReader, 'head'>;
  readonly broker: Pick<Broker, 'onReconnected' | 'signals'>;
  /** The epoch in force when the log says that it is `known`: a new one when history was replaced all the same. */
  readonly confirm?: (known: string) => Promise<string>;
  /** Milliseconds. */
  readonly every: number;
  /** `current` is the new one by then. */
  onChanged(): void;
  onError(error: unknown): void;
}

/** Resolves once it is known. */
export async function watchEpoch({ reader, broker, confirm, every, onChanged, onError }: Parts): Promise<Epoch> {
  const subscription = broker.signals.subscribe(EPOCH_TOPIC, () => void look());
  let current: string | undefined;

  async function look(): Promise<void> {
    try {
      const { epoch } = await reader.head();
      const inForce = epoch === current && confirm ? await confirm(epoch) : epoch;
      if (inForce !== epoch) broker.signals.publish(EPOCH_TOPIC, { epoch: inForce });
      if (current === undefined || inForce === current) return;
      current = inForce;
      onChanged();
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
    close() {
      clearInterval(timer);
      stopReconnected();
      subscription.close();
    },
  };
}
