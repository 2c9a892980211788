/**
 * Traces, through OpenTelemetry's API alone: whoever loads an SDK before Deskwire (`node --import ./otel.mjs …`) gets
 * spans, whatever exporter it has. Without one there is no tracer, and a span is the call of a function.
 *
 * A trace goes on where no call does: its context (`traceparent`) is recorded with each event, and what later happens to
 * the event, in batches with others, is linked to it.
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
/** Of a batch, this many events are linked: SDKs drop more. */
const MAX_LINKS = 128;

export interface SpanDetails {
  readonly name: string;
  readonly attributes?: Attributes;
}

export interface Tracing {
  /** False when nobody listens: what only spans need is then not worth gathering. */
  readonly enabled: boolean;
  /**
   * Runs `work` as a span: child of the active one, else of `parent`, the context that a client sent. `work` gets the
   * context that what it causes shall carry on.
   */
  span<T>(
    details: SpanDetails & { readonly parent?: string | undefined },
    work: (traceparent: string | undefined) => Promise<T>,
  ): Promise<T>;
  /** A span that ends now and began at `startedAt` (`performance.now()`), about events that carry these contexts. */
  past(
    details: SpanDetails & { readonly startedAt: number; readonly traceparents: readonly (string | undefined)[] },
  ): void;
}

export const noTracing: Tracing = {
  enabled: false,
  span: ({ parent }, work) => work(parent),
  past: () => undefined,
};

/** What the SDK registered so far makes of it; nothing when there is none. */
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
        failed(span, error);
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

function failed(span: Span, error: unknown): void {
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

/** A well-formed W3C trace context, or undefined: it comes from clients. Source: https://www.w3.org/TR/trace-context/ */
export function validTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, traceId, spanId] = TRACEPARENT.exec(value) ?? [];
  return traceId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId ?? '') ? undefined : value;
}
