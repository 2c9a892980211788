/**
 * Follows the log through JetStream with an ordered consumer, which the client recreates by itself after a loss. It
 * ends when the stream was deleted or recreated, or when several heartbeats are missing. The caller then reads
 * Postgres. An event that is not believed is left out: the caller reads it from Postgres, as any that is missing.
 */
import { consumerOpts, type JetStreamSubscription, type JsMsg } from 'nats';
import type { RecordedEvent } from '../domain/event.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { parseEvent } from './codec.ts';
import type { LogFollower } from './port.ts';
import { SEAL } from './seal.ts';

/** Milliseconds between two heartbeats of an idle JetStream stream; two missed ones end the consumer. */
const HEARTBEAT = 1_000;

/** Whether an event of JetStream is believed. */
type Trusts = (message: JsMsg) => boolean;

/** Believes events with the relay's seal. */
export function sealedEvents({ seals, subjects }: BrokerConnection): Trusts {
  return ({ subject, data, headers }) => seals.acceptEvent(subjects.pathOf(subject), data, headers?.get(SEAL));
}

/** Without `trusts`, all events are handed over: for a comparison with the log, which has the truth itself. */
export function followLog(
  connection: BrokerConnection,
  position: number,
  handler: (events: readonly RecordedEvent[]) => void,
  trusts: Trusts = () => true,
): LogFollower {
  let closed = false;
  let subscription: JetStreamSubscription | undefined;
  let batch: RecordedEvent[] = [];

  /** Hands over all messages of one event-loop turn together. */
  function collect(message: JsMsg): void {
    if (!trusts(message)) return;
    batch.push(parseEvent(message.data));
    if (batch.length > 1) return;
    setImmediate(() => {
      const events = batch;
      batch = [];
      if (!closed) handler(events);
    });
  }

  async function follow(): Promise<void> {
    try {
      const options = consumerOpts()
        .orderedConsumer()
        .bindStream(connection.streamName)
        .startSequence(position + 1)
        .idleHeartbeat(HEARTBEAT);
      options.callback((error, message) => {
        if (error) close();
        else if (message) collect(message);
      });
      subscription = await connection.nats.jetstream().subscribe(connection.subjects.allEvents, options);
      if (closed) subscription.unsubscribe();
      await subscription.closed;
    } catch (error) {
      if (!closed) connection.log.debug({ err: error }, 'cannot follow the log through JetStream');
    }
  }

  function close(): void {
    closed = true;
    subscription?.unsubscribe();
  }

  return { done: follow(), close };
}
