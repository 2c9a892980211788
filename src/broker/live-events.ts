/**
 * Live events of single streams. Events that this process recorded arrive twice: from memory right after the commit,
 * and from JetStream's republish a little later. The second copy is recognised by its sequence, which equals the
 * event's position. It is dropped before it is parsed. An event without the relay's seal is dropped, too: then a later
 * one, or the head of the log, shows a gap, and receivers read the log.
 */
import { parseStream, type RecordedEvent, type Stream } from '../domain/event.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { parseEvent } from './codec.ts';
import type { Broker, EventHandler, Subscription } from './port.ts';

/**
 * The newest positions delivered from memory that are remembered. A second copy of an older one is delivered again, and
 * receivers drop it by its version.
 */
const REMEMBERED = 8192;

interface Interest {
  readonly handlers: Set<EventHandler>;
  readonly subscription: Subscription;
}

export function createLiveEvents(connection: BrokerConnection): Broker['live'] {
  const interests = new Map<string, Interest>();
  const delivered = new Float64Array(REMEMBERED);

  function subscribe(key: string, subject: string, handler: EventHandler): Subscription {
    let interest = interests.get(key);
    if (!interest) {
      const handlers = new Set<EventHandler>();
      const subscription = connection.subscribe(subject, ({ subject: arrivedOn, payload, seal, sequence }) => {
        if (sequence !== undefined && delivered[sequence % REMEMBERED] === sequence) return;
        if (!connection.seals.acceptEvent(connection.subjects.pathOf(arrivedOn), payload, seal)) return;
        const event = parseEvent(payload);
        for (const one of handlers) one(event);
      });
      interest = { handlers, subscription };
      interests.set(key, interest);
    }
    const { handlers, subscription } = interest;
    // A new function each time, so that the same handler may subscribe twice.
    const own: EventHandler = (event) => handler(event);
    handlers.add(own);
    return {
      ready: subscription.ready,
      close() {
        handlers.delete(own);
        if (handlers.size > 0 || interests.get(key)?.handlers !== handlers) return;
        interests.delete(key);
        subscription.close();
      },
    };
  }

  return {
    subscribe: (stream: Stream, handler) => subscribe(stream, connection.subjects.liveStream(stream), handler),
    subscribeKind: (kind, handler) => subscribe(kind, connection.subjects.liveKind(kind), handler),
    deliver(events: readonly RecordedEvent[]) {
      for (const event of events) {
        delivered[event.position % REMEMBERED] = event.position;
        for (const handler of interests.get(event.stream)?.handlers ?? []) handler(event);
        for (const handler of interests.get(parseStream(event.stream).kind)?.handlers ?? []) handler(event);
      }
    },
  };
}
