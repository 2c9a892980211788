/**
 * Publishes events into JetStream so that its sequence stays the log's position.
 *
 * Each message says which sequence must precede it, its own position less one. So the server itself refuses a
 * duplicate, a gap and the writes of a deposed relay; and because each message can only be stored after the one before,
 * the acknowledgement of the last stands for the whole batch: one round trip, one acknowledgement to parse.
 */
import { headers } from 'nats';
import type { RecordedEvent } from '../domain/event.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { encodeJson } from './codec.ts';

/** JetStream did not store the batch, or not as the continuation of what it holds. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
}

/** Milliseconds for a batch to be acknowledged. */
const ACKNOWLEDGEMENT = 2_000;

/** `events` have consecutive positions. Resolves once all are stored; rejects when the last is not known to be. */
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
    timeout: ACKNOWLEDGEMENT,
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
  // Whoever reads the stream beside us finds the trace where OpenTelemetry's NATS instrumentations look for it.
  const { traceparent } = event.metadata;
  if (traceparent !== undefined) expected.set('traceparent', traceparent);
  return expected;
}
