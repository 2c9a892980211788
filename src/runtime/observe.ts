/**
 * Observes appends, published batches and projected batches: their duration, their size, and the traces that they
 * belong to.
 */
import type { RecordedEvent } from '../domain/event.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

type Events = readonly RecordedEvent[];

/** Functions to call after each batch; `startedAt` is a time of `performance.now()`. */
export function observeBatches({ metrics, tracing }: Telemetry) {
  function trace(name: string, events: Events, startedAt: number): void {
    if (!tracing.enabled) return;
    const traceparents = events.map(({ metadata }) => metadata.traceparent);
    // A batch without a traced event makes no trace of its own.
    if (traceparents.every((one) => one === undefined)) return;
    tracing.past({ name, attributes: { 'deskwire.events': events.length }, startedAt, traceparents });
  }

  return {
    onFlush(events: Events, startedAt: number) {
      metrics.appended(events.length, performance.now() - startedAt);
      trace('deskwire.append', events, startedAt);
    },
    onPublished: (events: Events, startedAt: number) => trace('deskwire.relay.publish', events, startedAt),
    onBatch(projection: string, events: Events, startedAt: number) {
      metrics.batchProjected(projection, events.length, performance.now() - startedAt);
      trace(`deskwire.projection ${projection}`, events, startedAt);
    },
  };
}
