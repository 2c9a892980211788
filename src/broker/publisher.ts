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

/** JetStream did not store the batch, or stored it at other sequences. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

/** Milliseconds within which a batch must be acknowledged. */
const ACKNOWLEDGEMENT_TIMEOUT = 2_000;

/** `events` have consecutive positions. Resolves when all are stored; rejects when that is not certain. */
export async function publishBatch(
  { nats, subjects }: BrokerConnection,
  events: readonly RecordedEvent[],
): Promise<void> {
  const last = events.at(-1);
  if (!last) return;
  for (const event of events.slice(0, -1)) {
    nats.publish(subjects.event(event), encodeJson(event), { headers: headersOf(event) });
  }
  const reply = await nats.request(subjects.event(last), encodeJson(last), {
    headers: headersOf(last),
    timeout: ACKNOWLEDGEMENT_TIMEOUT,
  });
  const acknowledgement = reply.json<{ seq?: number; error?: { description: string } }>();
  if (acknowledgement.error) throw new PublishError(acknowledgement.error.description);
  if (acknowledgement.seq !== last.position) {
    throw new PublishError(`position ${last.position} was stored as sequence ${acknowledgement.seq}`);
  }
}

function headersOf(event: RecordedEvent) {
  const expected = headers();
  expected.set('Nats-Expected-Last-Sequence', String(event.position - 1));
  // OpenTelemetry's NATS instrumentations read the trace from this header. It is for readers other than Deskwire.
  const { traceparent } = event.metadata;
  if (traceparent !== undefined) expected.set('traceparent', traceparent);
  return expected;
}
