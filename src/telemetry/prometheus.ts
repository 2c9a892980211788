/**
 * Metrics in the format of Prometheus, in a registry of their own. Names contain the unit. Labels have few values: no
 * ids and no request paths. docs/monitoring.md documents every metric.
 */
import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import { BOUNDS, type Metrics, type Sampled, type SampledProjection, UNAUTHENTICATED } from './metrics.ts';

export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

export interface Prometheus {
  readonly metrics: Metrics;
  /** Reads these values at each scrape from now on; until then they are left out. */
  sample(sampled: Sampled): void;
  render(): Promise<MetricsText>;
  /** The values that `render` shows, for `renderAll`. */
  snapshot(): Promise<unknown>;
  /** Merges the snapshots of several processes: counts are added, of positions the highest is taken. */
  renderAll(snapshots: readonly unknown[]): Promise<MetricsText>;
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const EVENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

export function createPrometheus(): Prometheus {
  const registry = new Registry();
  const registers = [registry];
  let sampled: Sampled | undefined;
  collectDefaultMetrics({ register: registry });
  const metrics = instruments(registers);
  gauges(registers, () => sampled);
  return {
    metrics,
    sample(source) {
      sampled = source;
    },
    render: () => textOf(registry),
    snapshot: () => registry.getMetricsAsJSON(),
    renderAll: (snapshots) =>
      textOf(AggregatorRegistry.aggregate(snapshots as MetricObjectWithValues<MetricValue<string>>[][])),
  };
}

async function textOf(registry: Registry): Promise<MetricsText> {
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function instruments(registers: Registry[]): Metrics {
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: L[]) =>
    new Histogram({ name: `deskwire_${name}`, help, buckets, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `deskwire_${name}`, help, labelNames, registers });

  const appendSeconds = histogram('append_duration_seconds', 'Time to commit one flush to the event log', SECONDS, []);
  const appendEvents = histogram('append_batch_events', 'Events in one flush to the event log', EVENTS, []);
  const commands = counter('commands_total', 'Commands answered', ['kind', 'command', 'result']);
  const commandSeconds = histogram('command_duration_seconds', 'Time to answer a command', SECONDS, ['kind']);
  const requestSeconds = histogram('http_request_duration_seconds', 'Time to answer an HTTP request', SECONDS, [
    'method',
    'route',
    'status',
  ]);
  const authFailures = counter('auth_failures_total', 'Requests and sockets refused for their token', [
    'channel',
    'reason',
  ]);
  const joins = counter('joins_total', 'Sockets that joined a live stream', ['stream']);
  const replays = counter('replays_total', 'Joins that were sent missed events first', ['stream']);
  const replayedEvents = counter('replayed_events_total', 'Missed events that were sent to joining sockets', [
    'stream',
  ]);
  const resyncs = counter('resyncs_total', 'Joins that were told to load afresh', ['stream', 'reason']);
  const slowConsumers = counter('slow_consumers_total', 'Sockets cut off for not taking what they were sent', [
    'namespace',
  ]);
  const refused = counter('refused_total', 'Refusals because a bound was reached, for the sender to try again', [
    'bound',
  ]);
  const batchSeconds = histogram('projection_batch_duration_seconds', 'Time to fold and commit one batch', SECONDS, [
    'projection',
  ]);
  const batchEvents = counter('projection_events_total', 'Events that projections took', ['projection']);
  // A counter with labels exists only after its first use. These exist from the start, so that alerts on them work.
  slowConsumers.inc({ namespace: '/' }, 0);
  const unauthenticated = counter(
    'broker_unauthenticated_total',
    'Messages over NATS without the seal of the cluster',
    ['what'],
  );
  for (const what of UNAUTHENTICATED) unauthenticated.inc({ what }, 0);
  for (const bound of BOUNDS) refused.inc({ bound }, 0);

  return {
    appended(events, milliseconds) {
      appendSeconds.observe(milliseconds / 1_000);
      appendEvents.observe(events);
    },
    commandAnswered(kind, command, result, milliseconds) {
      commands.inc({ kind, command, result });
      commandSeconds.observe({ kind }, milliseconds / 1_000);
    },
    requestAnswered(method, route, status, milliseconds) {
      requestSeconds.observe({ method, route, status }, milliseconds / 1_000);
    },
    authenticationFailed: (channel, reason) => authFailures.inc({ channel, reason }),
    joined(stream, events) {
      joins.inc({ stream });
      if (events === 0) return;
      replays.inc({ stream });
      replayedEvents.inc({ stream }, events);
    },
    resynced: (stream, reason) => resyncs.inc({ stream, reason }),
    slowConsumer: (namespace) => slowConsumers.inc({ namespace }),
    refused: (bound) => refused.inc({ bound }),
    unauthenticated: (what) => unauthenticated.inc({ what }),
    batchProjected(projection, events, milliseconds) {
      batchSeconds.observe({ projection }, milliseconds / 1_000);
      batchEvents.inc({ projection }, events);
    },
  };
}

/**
 * Each gauge is set at every scrape, and values that no longer exist are removed: a projection may move to another
 * node.
 */
function gauges(registers: Registry[], source: () => Sampled | undefined): void {
  function one(
    name: string,
    help: string,
    read: (sampled: Sampled) => number | undefined | Promise<number | undefined>,
    aggregator: 'sum' | 'max' = 'sum',
  ): void {
    new Gauge({
      name: `deskwire_${name}`,
      help,
      registers,
      aggregator,
      async collect() {
        const sampled = source();
        const value = sampled && (await read(sampled));
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  function each<L extends string>(
    name: string,
    help: string,
    label: L,
    read: (sampled: Sampled) => Iterable<readonly [string, number | undefined]>,
    aggregator: 'sum' | 'max' = 'sum',
  ): void {
    new Gauge<L>({
      name: `deskwire_${name}`,
      help,
      labelNames: [label],
      registers,
      aggregator,
      collect() {
        this.reset();
        const sampled = source();
        if (sampled === undefined) return;
        for (const [key, value] of read(sampled)) {
          if (value !== undefined) this.labels(key).set(value);
        }
      },
    });
  }

  function projection(name: string, help: string, read: (status: SampledProjection) => number | undefined): void {
    const readAll = (sampled: Sampled) => sampled.projections().map((status) => [status.name, read(status)] as const);
    each(name, help, 'projection', readAll, 'max');
  }

  one('log_position', 'Newest position of the event log that this process knows of', headOf, 'max');
  one('relay_leading', '1 in the process that publishes the log to JetStream', (s) => Number(leader(s) !== undefined));
  one(
    'relay_position',
    'Position up to which JetStream holds the log; in the leading process only',
    (s) => leader(s)?.position,
    'max',
  );
  one('relay_lag_events', 'Events of the log that JetStream lacks; in the leading process only', async (s) => {
    const relay = leader(s);
    if (relay === undefined) return undefined;
    const head = await headOf(s);
    return head === undefined ? undefined : Math.max(0, head - relay.position);
  });
  projection('projection_position', 'Position up to which a read model contains the log', (p) => p.position);
  projection('projection_lag_events', 'Events of the log that a read model lacks', (p) => p.lag);
  projection('projection_failing', '1 while a projection fails and is tried again', (p) => (p.failure ? 1 : 0));
  projection('projection_parked_streams', 'Streams with events that could not be handled', (p) => p.parkedStreams);
  one('actors_active', 'Tickets, users, rooms and references active in memory', (s) => s.actors());
  each('sockets', 'Authenticated sockets', 'namespace', (s) => s.sockets());
  one('outbound_bytes', 'Most that waits for one socket connection to take it', (s) => s.outbound(), 'max');
  each('rooms', 'Rooms with sockets in them', 'namespace', (s) => s.rooms());
}

function leader(sampled: Sampled) {
  const relay = sampled.relay();
  return relay?.leading ? relay : undefined;
}

/** Undefined while the log cannot be read; the other metrics are still shown. */
function headOf(sampled: Sampled): Promise<number | undefined> {
  return sampled.head().catch(() => undefined);
}
