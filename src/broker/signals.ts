/**
 * Ephemeral messages: at most once, to current listeners. Local listeners receive them before `publish` returns. All
 * listeners of a topic share one subscription, so that a message arrives once and a second arrival is a repetition.
 */
import { headers } from 'nats';
import type { BrokerConnection } from './broker-connection.ts';
import { decodeJson, encodeJson } from './codec.ts';
import type { Broker, Subscription } from './port.ts';
import { SEAL } from './seal.ts';

type Handler = (payload: unknown) => void;

interface Interest {
  readonly handlers: Set<Handler>;
  readonly remote: Subscription;
}

/** While `isConnected` returns false, signals for remote listeners are dropped: they would arrive too late. */
export function createSignals(connection: BrokerConnection, isConnected: () => boolean): Broker['signals'] {
  const { subjects, seals, outbound, nats } = connection;
  const interests = new Map<string, Interest>();

  function open(subject: string): Interest {
    const handlers = new Set<Handler>();
    const remote = connection.subscribe(subject, ({ payload, seal }) => {
      if (!seals.acceptMessage(subject, payload, seal)) return;
      const decoded = decodeJson(payload);
      for (const handler of handlers) handler(decoded);
    });
    const interest = { handlers, remote };
    interests.set(subject, interest);
    return interest;
  }

  return {
    publish(topic, payload) {
      const subject = subjects.signal(topic);
      for (const handler of interests.get(subject)?.handlers ?? []) handler(payload);
      if (!isConnected() || nats.isClosed()) return;
      const data = encodeJson(payload);
      const sealed = headers();
      sealed.set(SEAL, seals.message(subject, data));
      outbound.publish(subject, data, sealed);
    },

    subscribe(topic, handler) {
      const subject = subjects.signal(topic);
      const { handlers, remote } = interests.get(subject) ?? open(subject);
      // A new function each time, so that the same handler may subscribe twice.
      const own: Handler = (payload) => handler(payload);
      handlers.add(own);
      return {
        ready: remote.ready,
        close() {
          handlers.delete(own);
          if (handlers.size > 0 || interests.get(subject)?.handlers !== handlers) return;
          interests.delete(subject);
          remote.close();
        },
      };
    },
  };
}
