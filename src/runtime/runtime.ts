/**
 * Starts one Deskwire process on a database and a broker that are there: the event log, the actors, the read side and
 * the edge, each in its file. Tests, commands and benchmarks start the same parts. They are closed in the reverse
 * order of their start: sockets and requests end first, the event log and its connections last.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { App } from '../api/app.ts';
import { type Attachments, createAttachments } from '../attachments/attachments.ts';
import { type Auth, createAuth } from '../auth/auth.ts';
import { watchClusterKeys } from '../eventlog/cluster-keys.ts';
import type { HostWorker } from '../gateway/connection/server.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { createReadModels } from '../projections/projections.ts';
import { createIds } from '../support/ids.ts';
import { paths } from '../support/paths.ts';
import type { Logger } from '../telemetry/logging.ts';
import { createPrometheus } from '../telemetry/prometheus.ts';
import { createTracing } from '../telemetry/tracing.ts';
import { readTextsFolder } from '../texts/folder.ts';
import { createTexts } from '../texts/texts.ts';
import { type RunningActors, startActors } from './actors.ts';
import { openAttachmentStore } from './attachment-store.ts';
import type { Config, ProcessRole } from './config.ts';
import { connectOrFail } from './connect-broker.ts';
import { seedDemo } from './demo.ts';
import { startEdge } from './edge.ts';
import { type RunningLog, startLog } from './log.ts';
import { type ReadSide, startReadSide } from './read-side.ts';
import { readinessChecks } from './readiness.ts';
import { apiConfigOf, gatewayOptionsOf, providerOf, quotasOf } from './settings.ts';
import type { Shutdown } from './shutdown.ts';
import type { MetricsExchange } from './workers/metrics-exchange.ts';

export interface RuntimeOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly pool: pg.Pool;
  readonly logger: Logger;
  /** When this process is one of several workers of its host. */
  readonly worker?: HostWorker & { readonly metrics: Pick<MetricsExchange, 'offer' | 'collect'> };
}

/** Resolves with an HTTP server that does not listen yet; `shutdown` closes everything. */
export async function startRuntime(options: RuntimeOptions, shutdown: Shutdown): Promise<App> {
  const { config, databaseUrl, natsUrl, pool, logger, worker } = options;
  const newId = createIds(Date.now);
  const has = (role: ProcessRole) => config.ROLES.includes(role);
  // The relay alone reads none, and need not wait for those that a new version builds first.
  if (config.ROLES.some((role) => role !== 'relay')) {
    await createReadModels({ connectionString: databaseUrl }, { log: logger });
  }
  const prometheus = createPrometheus();
  worker?.metrics.offer(prometheus.snapshot);
  const telemetry = { metrics: prometheus.metrics, tracing: createTracing() };
  const keys = await watchClusterKeys({
    pool,
    onError: (error) => logger.warn({ err: error }, 'the keys of the cluster cannot be read'),
  });
  shutdown.defer('cluster keys', () => keys.close());
  const connected = await connectOrFail({
    url: natsUrl,
    caFile: config.NATS_CA,
    keys,
    namespace: 'deskwire',
    name: 'deskwire',
    log: logger,
    onRefused: () => telemetry.metrics.refused('broker'),
    onUnauthenticated: telemetry.metrics.unauthenticated,
  });
  shutdown.defer('broker', () => connected.broker.close());

  const log = await startLog({ ...connected, databaseUrl, pool, relay: has('relay'), telemetry, logger }, shutdown);
  const reads = startReadSide(log, has('projector'), shutdown);
  const actors = await startActors(log, newId, shutdown);
  const auth = await startAuth(options, log, actors, newId, shutdown);
  const attachments = await startAttachments(options, newId, shutdown);
  const texts = createTexts(config.TEXTS_DIR === undefined ? {} : await readTextsFolder(config.TEXTS_DIR));

  let draining = false;
  const readiness = { pool, broker: log.broker, relay: log.runningRelay, head: reads.head };
  const render = async () => (worker ? prometheus.renderAll(await worker.metrics.collect()) : prometheus.render());
  const api = {
    config: apiConfigOf(config),
    readiness: readinessChecks({ ...readiness, projections: reads, draining: () => draining }),
    draining: () => draining,
    ...(config.METRICS === 'on' && { metricsPage: { render, token: config.METRICS_TOKEN } }),
    web: paths.web,
    healthOnly: !has('api'),
  };
  const gatewayOptions = { options: gatewayOptionsOf(config), ...(worker && { worker }) };
  const { app, gateway } = await startEdge(
    {
      log,
      actors,
      reads,
      auth,
      attachments,
      texts,
      newId,
      api,
      ...quotasOf(config),
      ...(has('gateway') && { gateway: gatewayOptions }),
    },
    shutdown,
  );
  // A process that runs commands takes part in their placement. It gives up its share before all else is closed.
  if (has('api') || has('gateway')) await actors.join();
  shutdown.defer('readiness', async () => {
    draining = true;
    // A start that failed has no clients to wait for.
    if (app.server.listening) await sleep(config.DRAIN_DELAY * 1_000);
    actors.leave();
  });
  prometheus.sample(sampledOf(log, reads, actors, gateway));
  return app;
}

async function startAuth(
  { config, pool, logger }: RuntimeOptions,
  { broker }: RunningLog,
  { actors, directory }: RunningActors,
  newId: () => string,
  shutdown: Shutdown,
): Promise<Auth> {
  const limitAttempts = config.RATE_LIMIT === 'on';
  const provider = providerOf(config);
  const common = { pool, actors, directory, broker, log: logger, now: Date.now, newId };
  const auth = await createAuth({ ...common, ...provider, limitAttempts });
  shutdown.defer('authentication', () => auth.close());
  if (config.DEMO_DATA === 'on') await seedDemo({ actors, credentials: auth.own?.credentials });
  return auth;
}

async function startAttachments(
  { config, pool, logger }: RuntimeOptions,
  newId: () => string,
  shutdown: Shutdown,
): Promise<Attachments> {
  const store = await openAttachmentStore(config);
  shutdown.defer('attachment store', () => store.close());
  const baseUrl = config.PUBLIC_URL ?? '';
  const bytesPerDay = config.UPLOAD_QUOTA * 1_024 * 1_024;
  const common = { pool, store, newId, now: Date.now, log: logger };
  const attachments = await createAttachments({ ...common, baseUrl, bytesPerDay });
  shutdown.defer('attachments', () => attachments.close());
  return attachments;
}

function sampledOf(log: RunningLog, reads: ReadSide, actors: RunningActors, gateway: Gateway | undefined) {
  return {
    head: reads.head,
    relay: () => log.runningRelay,
    projections: reads.status,
    actors: actors.active,
    sockets: () => gateway?.sockets() ?? [],
    rooms: () => gateway?.rooms() ?? [],
    outbound: () => gateway?.outbound(),
  };
}
