/**
 * Traces, through OpenTelemetry's API alone. An SDK that is loaded before Deskwire (`node --import ./otel.mjs …`)
 * receives the spans. Without an SDK there is no tracer, and a span costs one function call.
 *
 * A trace also crosses steps that no call connects: its context (`traceparent`) is recorded with each event, and later
 * spans about a batch of events link to the contexts of those events.
 */
import {
  type Attributes,
  context,
  type Link,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

const NAME = 'deskwire';
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Links of one span at most; SDKs drop more. */
const MAX_LINKS = 128;

export interface SpanDetails {
  readonly name: string;
  readonly attributes?: Attributes;
}

export interface Tracing {
  /** False without an SDK: callers then need not collect what only spans use. */
  readonly enabled: boolean;
  /**
   * Runs `work` in a span: a child of the active span, otherwise of `parent`, the context that a client sent. `work`
   * receives the context to record with its events.
   */
  span<T>(
    details: SpanDetails & { readonly parent?: string | undefined },
    work: (traceparent: string | undefined) => Promise<T>,
  ): Promise<T>;
  /** Records a span that began at `startedAt` (`performance.now()`) and ends now, about events with these contexts. */
  past(
    details: SpanDetails & { readonly startedAt: number; readonly traceparents: readonly (string | undefined)[] },
  ): void;
}

export const noTracing: Tracing = {
  enabled: false,
  span: ({ parent }, work) => work(parent),
  past: () => undefined,
};

/** Uses the SDK that is registered now; without one, does nothing. */
export function createTracing(): Tracing {
  const provider = trace.getTracerProvider();
  const registered = !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(NAME) !== undefined;
  return registered ? tracingWith(trace.getTracer(NAME)) : noTracing;
}

function tracingWith(tracer: Tracer): Tracing {
  return {
    enabled: true,
    async span({ name, attributes = {}, parent }, work) {
      const outer = trace.getSpan(context.active()) ? context.active() : contextOf(parent);
      const span = tracer.startSpan(name, { attributes, kind: SpanKind.INTERNAL }, outer);
      try {
        return await context.with(trace.setSpan(outer, span), () => work(traceparentOf(span)));
      } catch (error) {
        markFailed(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
    past({ name, attributes = {}, startedAt, traceparents }) {
      const [first, ...others] = new Set(traceparents.filter((one) => one !== undefined));
      const started = performance.timeOrigin + startedAt;
      const links = others.slice(0, MAX_LINKS).flatMap(linkTo);
      tracer.startSpan(name, { attributes, links, startTime: started }, contextOf(first)).end();
    },
  };
}

function markFailed(span: Span, error: unknown): void {
  if (error instanceof Error) span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
}

function contextOf(traceparent: string | undefined) {
  const remote = spanContextOf(traceparent);
  return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function linkTo(traceparent: string): Link[] {
  const remote = spanContextOf(traceparent);
  return remote === undefined ? [] : [{ context: remote }];
}

function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** Returns a client's W3C trace context if it is well formed. Source: https://www.w3.org/TR/trace-context/ */
export function validTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, traceId, spanId] = TRACEPARENT.exec(value) ?? [];
  return traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId ?? '') ? undefined : value;
}
