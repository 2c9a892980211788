/** Watches what the parts do in batches: how long each takes, how much is in it, and whose traces it belongs to. */
import type { RecordedEvent } from '../domain/event.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

type Events = readonly RecordedEvent[];

/** What the parts call after each batch. `startedAt` as `performance.now()` says it. */
export function watchParts({ metrics, tracing }: Telemetry) {
  function trace(name: string, events: Events, startedAt: number): void {
    if (!tracing.enabled) return;
    const traceparents = events.map(({ metadata }) => metadata.traceparent);
    // What nobody traces makes no trace of its own.
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
