/** Ephemeral messages: at most once, to current listeners. Local listeners receive them before `publish` returns. */
import type { BrokerConnection } from './broker-connection.ts';
import { decodeJson, encodeJson } from './codec.ts';
import type { Broker } from './port.ts';

/** While `isConnected` returns false, signals for remote listeners are dropped: they would arrive too late. */
export function createSignals(connection: BrokerConnection, isConnected: () => boolean): Broker['signals'] {
  const local = new Map<string, Set<(payload: unknown) => void>>();

  return {
    publish(topic, payload) {
      const subject = connection.subjects.signal(topic);
      for (const handler of local.get(subject) ?? []) handler(payload);
      if (isConnected() && !connection.nats.isClosed()) {
        connection.outbound.publish(subject, encodeJson(payload));
      }
    },

    subscribe(topic, handler) {
      const subject = connection.subjects.signal(topic);
      const own = (payload: unknown) => handler(payload);
      const handlers = local.get(subject) ?? new Set();
      local.set(subject, handlers.add(own));
      const remote = connection.subscribe(subject, (payload) => handler(decodeJson(payload)));
      return {
        ready: remote.ready,
        close() {
          handlers.delete(own);
          if (handlers.size === 0 && local.get(subject) === handlers) local.delete(subject);
          remote.close();
        },
      };
    },
  };
}
