/** Measures the live streams: joins, replays, resyncs, and, in a trace, the delivery of each event. */
import type { ReplayedStream } from '../../telemetry/metrics.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

export interface SubscriptionObserver {
  joined(replayed: number): void;
  resynced(reason: string): void;
  /** Absent without tracing. `startedAt` is a time of `performance.now()`. */
  delivered?(event: unknown, startedAt: number): void;
}

export function observeSubscriptions(stream: ReplayedStream, { metrics, tracing }: Telemetry): SubscriptionObserver {
  return {
    joined: (replayed) => metrics.joined(stream, replayed),
    resynced: (reason) => metrics.resynced(stream, reason),
    ...(tracing.enabled && {
      delivered(event, startedAt) {
        const traceparent = traceparentOf(event);
        if (traceparent === undefined) return;
        const attributes = { 'deskwire.stream.kind': stream };
        tracing.past({ name: 'deskwire.delivery', attributes, startedAt, traceparents: [traceparent] });
      },
    }),
  };
}

function traceparentOf(event: unknown): string | undefined {
  const { metadata } = event as { readonly metadata?: { readonly traceparent?: string } };
  return metadata?.traceparent;
}
