/** What a part is given to be watched by. */
import { type Metrics, noMetrics } from './metrics.ts';
import { noTracing, type Tracing } from './tracing.ts';

export interface Telemetry {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
}

export const noTelemetry: Telemetry = { metrics: noMetrics, tracing: noTracing };
