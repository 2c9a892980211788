/** The state of the connection to NATS, from the client's status events. Notifies listeners of a loss and a return. */
import { Events, type NatsConnection } from 'nats';
import type { Logger } from 'pino';

export interface ConnectionState {
  readonly connected: boolean;
  /** Calls `listener` after each reconnection; returns a function that ends this. */
  onReconnected(listener: () => void): () => void;
  /** See BrokerConnection. */
  whileConnected<T>(work: Promise<T>): Promise<T>;
  /** No listener is called after this. */
  close(): void;
}

export function watchConnection(nats: NatsConnection, log: Logger): ConnectionState {
  let connected = true;
  const reconnectedListeners = new Set<() => void>();
  const lostListeners = new Set<() => void>();
  void watchStatus();

  /** Runs for the life of the connection: the client never ends this iterator. */
  async function watchStatus(): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === Events.Disconnect) {
        connected = false;
        for (const listener of lostListeners) listener();
        log.warn('broker connection lost');
      } else if (type === Events.Reconnect) {
        connected = true;
        log.info('broker connection restored');
        for (const listener of reconnectedListeners) listener();
      } else if (type === Events.Error) {
        log.error('broker reported an error; see the log of nats-server');
      }
    }
  }

  return {
    get connected() {
      return connected;
    },
    onReconnected(listener) {
      reconnectedListeners.add(listener);
      return () => void reconnectedListeners.delete(listener);
    },
    async whileConnected(work) {
      const lost = Promise.withResolvers<never>();
      const listener = () => lost.reject(new Error('the connection to the broker was lost'));
      lostListeners.add(listener);
      try {
        if (!connected) listener();
        return await Promise.race([work, lost.promise]);
      } finally {
        lostListeners.delete(listener);
        // If the connection was lost first, `work` may still reject; the caller has the first error already.
        work.catch(() => undefined);
      }
    },
    close: () => reconnectedListeners.clear(),
  };
}
