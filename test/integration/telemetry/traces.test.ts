/**
 * A client's trace, from its header to the delivery to another client. The process has an SDK, as `--import` loads it.
 */
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { connect } from 'nats';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { until } from '../../support/until.ts';
import { type Client, openTicket, signIn } from '../gateway/rig.ts';
import { type Started, startServer } from './rig.ts';

const exporter = new InMemorySpanExporter();
let server: Started;
let driver: Client;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  server = await startServer();
  driver = await signIn(server.url, 'driver');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  trace.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

/** A trace of the client's own. */
function newTrace() {
  const hex = (length: number) =>
    Array.from({ length }, () => Math.floor(Math.random() * 15 + 1).toString(16)).join('');
  const traceId = hex(32);
  return { traceId, spanId: hex(16), header: (spanId: string) => `00-${traceId}-${spanId}-01` };
}

function spansOf(traceId: string) {
  return exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
}

async function recordedTraceparents(ticketId: string): Promise<(string | undefined)[]> {
  const pool = new pg.Pool({ connectionString: server.databaseUrl, max: 1 });
  const events = await createEventReader(pool).readStream({ stream: `ticket.${ticketId}`, after: 1, limit: 100 });
  await pool.end();
  return events.map(({ metadata }) => metadata.traceparent);
}

it('goes from an HTTP header through command, append, relay and read models to the receiving socket', async () => {
  const { id: ticketId } = await openTicket(driver);
  using listener = (await signIn(server.url, 'agent')).connect();
  await listener.ask('join_ticket', { ticketId });
  const client = newTrace();
  const answer = await fetch(`${server.url}/api/tickets/${ticketId}/chat`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${driver.token}`,
      'content-type': 'application/json',
      traceparent: client.header(client.spanId),
    },
    body: JSON.stringify({ message: 'hello' }),
  });
  expect(answer.status).toBe(201);
  await listener.first('new_message');

  const expected = ['deskwire.command PostMessage', 'deskwire.append', 'deskwire.relay.publish', 'deskwire.delivery'];
  expected.push('deskwire.projection messages');
  const named = () => new Map(spansOf(client.traceId).map((span) => [span.name, span]));
  await until(() => expected.every((name) => named().has(name)), expected.join(', '));
  const command = named().get('deskwire.command PostMessage');
  expect(command?.parentSpanContext?.spanId).toBe(client.spanId);
  const carried = client.header(command?.spanContext().spanId ?? '');
  expect(new Set(await recordedTraceparents(ticketId))).toEqual(new Set([carried]));
  for (const name of expected.slice(1)) {
    expect(named().get(name)?.parentSpanContext?.spanId, name).toBe(command?.spanContext().spanId);
  }

  const nats = await connect({ servers: server.natsUrl });
  const manager = await nats.jetstreamManager();
  const { state } = await manager.streams.info('deskwire-events');
  const message = await manager.streams.getMessage('deskwire-events', { seq: state.last_seq });
  await nats.close();
  expect(message.header.get('traceparent')).toBe(carried);
});

it.each([
  ['auth', (traceparent: string) => ({ auth: { token: driver.token, traceparent } })],
  ['header', (traceparent: string) => ({ auth: { token: driver.token }, extraHeaders: { traceparent } })],
])('goes from the handshake of a socket (%s) into what it does', async (_where, options) => {
  const { id: ticketId } = await openTicket(driver);
  const client = newTrace();
  using socket = driver.connect('/', options(client.header(client.spanId)));
  await socket.ask('join_ticket', { ticketId });
  await socket.ask('send_message', { ticketId, message: 'hello' });
  const command = spansOf(client.traceId).find(({ name }) => name === 'deskwire.command PostMessage');
  expect(command?.parentSpanContext?.spanId).toBe(client.spanId);
  expect(await recordedTraceparents(ticketId)).toContain(client.header(command?.spanContext().spanId ?? ''));
});
