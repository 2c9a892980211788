/**
 * Publishes events into JetStream so that its sequence stays equal to the log's position.
 *
 * Each message names the sequence that must precede it: its own position less one. So the server itself refuses
 * duplicates, gaps, and the writes of a former leader. A message can only be stored after the one before it. So the
 * acknowledgement of the last message confirms the whole batch, in one round trip.
 */
import { headers } from 'nats';
import type { RecordedEvent } from '../domain/event.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { encodeJson } from './codec.ts';
import { SEAL } from './seal.ts';

/** JetStream did not store the batch, or stored it at other sequences. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

/** Milliseconds within which a batch must be acknowledged. */
const ACKNOWLEDGEMENT_TIMEOUT = 2_000;

/** `events` have consecutive positions. Resolves when all are stored; rejects when that is not certain. */
export async function publishBatch(
  connection: BrokerConnection,
  epoch: string,
  events: readonly RecordedEvent[],
): Promise<void> {
  const { nats } = connection;
  const last = events.at(-1);
  if (!last) return;
  for (const event of events.slice(0, -1)) {
    const { subject, data, headers } = messageOf(connection, epoch, event);
    nats.publish(subject, data, { headers });
  }
  const { subject, data, headers } = messageOf(connection, epoch, last);
  const reply = await nats.request(subject, data, { headers, timeout: ACKNOWLEDGEMENT_TIMEOUT });
  const acknowledgement = reply.json<{ seq?: number; error?: { description: string } }>();
  if (acknowledgement.error) throw new PublishError(acknowledgement.error.description);
  if (acknowledgement.seq !== last.position) {
    throw new PublishError(`position ${last.position} was stored as sequence ${acknowledgement.seq}`);
  }
}

function messageOf({ subjects, seals }: BrokerConnection, epoch: string, event: RecordedEvent) {
  const subject = subjects.event(event);
  const data = encodeJson(event);
  const added = headers();
  added.set('Nats-Expected-Last-Sequence', String(event.position - 1));
  added.set(SEAL, seals.event(epoch, subjects.pathOf(subject), data));
  // OpenTelemetry's NATS instrumentations read the trace from this header. It is for readers other than Deskwire.
  const { traceparent } = event.metadata;
  if (traceparent !== undefined) added.set('traceparent', traceparent);
  return { subject, data, headers: added };
}
