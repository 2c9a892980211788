/**
 * Resolves when the server has registered all subscriptions made so far: the client sends a PING after them and waits
 * for the answer. Subscriptions of one event-loop turn share one PING. If the connection is lost before the answer, the
 * PING is sent again on the next connection, where the client has registered the subscriptions again.
 */
import type { NatsConnection } from 'nats';

export function createRegistration(
  nats: NatsConnection,
  onReconnected: (listener: () => void) => () => void,
): () => Promise<void> {
  let pending: Promise<void> | undefined;

  async function registered(): Promise<void> {
    await Promise.resolve();
    pending = undefined;
    while (!nats.isClosed()) {
      if (await answeredBeforeReconnecting()) return;
    }
  }

  function answeredBeforeReconnecting(): Promise<boolean> {
    return new Promise((resolve) => {
      const stopListening = onReconnected(() => settle(false));
      const settle = (answered: boolean) => {
        stopListening();
        resolve(answered);
      };
      nats.flush().then(
        () => settle(true),
        // The connection was closed: the loop checks whether for good.
        () => settle(false),
      );
    });
  }

  return () => {
    pending ??= registered();
    return pending;
  };
}
