import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTracing, noTracing, type Tracing, validTraceparent } from '../../../src/telemetry/tracing.ts';

const CLIENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER = '00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01';

describe('without an SDK', () => {
  it('a span is a function call, and the client’s trace context is passed on unchanged', async () => {
    const tracing = createTracing();
    expect(tracing).toBe(noTracing);
    expect(await tracing.span({ name: 'work', parent: CLIENT }, async (traceparent) => traceparent)).toBe(CLIENT);
  });
});

describe('with an SDK', () => {
  let exporter: InMemorySpanExporter;
  let tracing: Tracing;

  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    tracing = createTracing();
  });
  afterEach(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });

  it('a span is a child of the client’s, and its work receives the span’s context', async () => {
    const carried = await tracing.span({ name: 'work', parent: CLIENT }, async (traceparent) => traceparent);
    const [span] = exporter.getFinishedSpans();
    expect(span?.spanContext().traceId).toBe(CLIENT.split('-')[1]);
    expect(span?.parentSpanContext?.spanId).toBe(CLIENT.split('-')[2]);
    expect(carried).toBe(`00-${CLIENT.split('-')[1]}-${span?.spanContext().spanId}-01`);
  });

  it('the active span takes precedence over the client’s context, from which an instrumentation made it', async () => {
    await tracing.span({ name: 'outer' }, () => tracing.span({ name: 'inner', parent: CLIENT }, async () => undefined));
    const [inner, outer] = exporter.getFinishedSpans();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('a failure is recorded on the span and rethrown', async () => {
    const failure = new Error('refused');
    await expect(tracing.span({ name: 'work' }, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(exporter.getFinishedSpans()[0]).toMatchObject({ status: { code: 2, message: 'refused' } });
  });

  it('a batch belongs to its first trace and links to each other trace once', () => {
    const startedAt = performance.now() - 50;
    tracing.past({ name: 'batch', startedAt, traceparents: [undefined, CLIENT, CLIENT, OTHER] });
    const [span] = exporter.getFinishedSpans();
    expect(span?.spanContext().traceId).toBe(CLIENT.split('-')[1]);
    expect(span?.links.map((link) => link.context.traceId)).toEqual([OTHER.split('-')[1]]);
    const [seconds = 0, nanoseconds = 0] = span?.duration ?? [];
    expect(seconds * 1_000 + nanoseconds / 1e6).toBeGreaterThanOrEqual(49);
  });
});

it.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
  ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
  ['00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n', false],
  [['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'], false],
  [undefined, false],
])('takes %j as a trace context: %s', (given, valid) => {
  expect(validTraceparent(given)).toBe(valid ? given : undefined);
});
