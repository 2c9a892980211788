/**
 * Puts the parts of one Deskwire process together on services that are there: database and broker in, an HTTP server
 * that is ready to listen out. Each part is closed in the reverse order of its making, so that nothing loses what it
 * still needs: sockets are released and requests finished first, the event log and its connections last.
 */
import type { Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import type pg from 'pg';
import { createActorSystem } from '../actors/local-actor-system.ts';
import { codeFingerprint } from '../actors/placement/code-fingerprint.ts';
import { createPlacedActorSystem } from '../actors/placement/placed-actor-system.ts';
import { createSnapshotStore } from '../actors/snapshots.ts';
import { createTicketNumbers } from '../actors/ticket-numbers.ts';
import { watchCommands } from '../actors/watch-commands.ts';
import { createApi } from '../api/api.ts';
import type { App } from '../api/app.ts';
import { createApplication } from '../application/application.ts';
import { createOperations } from '../application/operations.ts';
import { createAttachments } from '../attachments/attachments.ts';
import { createAuth } from '../auth/auth.ts';
import { connectBroker } from '../broker/connection.ts';
import { publishedPosition } from '../broker/inspection.ts';
import { createRelay, hintRelay, type Relay } from '../broker/relay.ts';
import { createNodeView } from '../cluster/node-view.ts';
import { createDirectory, ticketContextFrom } from '../directory/directory.ts';
import { referenceDecider } from '../domain/reference/decider.ts';
import { roomDecider } from '../domain/room/decider.ts';
import { ticketDecider } from '../domain/ticket/decider.ts';
import { userDecider } from '../domain/user/decider.ts';
import { createAppender } from '../eventlog/appender.ts';
import { openDedicatedConnection } from '../eventlog/dedicated-connection.ts';
import { renewEpoch } from '../eventlog/epoch.ts';
import { watchEpoch } from '../eventlog/epoch-watch.ts';
import { createEventReader } from '../eventlog/reader.ts';
import { createRestoreCheck } from '../eventlog/restore-check.ts';
import { createAsyncApi } from '../gateway/asyncapi.ts';
import { createSocketCluster } from '../gateway/control/socket-cluster.ts';
import { DIALECTS } from '../gateway/dialects/all.ts';
import { createGateway, type Gateway, type HostWorker } from '../gateway/gateway.ts';
import { createLogFeed, type LogFeed } from '../projections/engine/log-feed.ts';
import {
  createReadModels,
  createRemoteWaiter,
  notifyRunners,
  type Projections,
  startProjections,
} from '../projections/projections.ts';
import { createQueries } from '../projections/queries/create-queries.ts';
import { createRebuilds } from '../projections/rebuild/rebuilds.ts';
import { createIds } from '../support/ids.ts';
import type { Logger } from '../telemetry/logging.ts';
import { createPrometheus } from '../telemetry/prometheus.ts';
import { createTracing } from '../telemetry/tracing.ts';
import { openAttachmentStore } from './attachment-store.ts';
import type { Config, ProcessRole } from './config.ts';
import { seedDemo } from './demo.ts';
import { watchParts } from './observe.ts';
import { readinessChecks } from './readiness.ts';
import type { Shutdown } from './shutdown.ts';
import type { MetricsExchange } from './workers/metrics-exchange.ts';

export interface Surroundings {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly pool: pg.Pool;
  readonly logger: Logger;
  /** When this process is one of several workers of its host. */
  readonly worker?: HostWorker & { readonly metrics: Pick<MetricsExchange, 'offer' | 'collect'> };
}

const NAMESPACE = 'deskwire';
const API_VERSION = '1';
/** The appender must take whatever the actors let in: they hold 20,000 commands at most. */
const APPENDER_LIMITS = { maxFlushEvents: 500, maxQueuedEvents: 50_000, maxQueuedBytes: 64 * 1024 * 1024 };
/** For each user, and when requests are better refused than queued, in milliseconds. */
const REQUEST_LIMITS = { requestsPerMinute: 6_000, loopDelay: 2_000 };

/** Milliseconds between two looks at the epoch, beside hearing of it. */
const EPOCH_EVERY = 3_000;

/** The parts of one process, started; `parts` closes them. */
export async function startParts(surroundings: Surroundings, parts: Shutdown): Promise<App> {
  const { config, databaseUrl, natsUrl, pool, logger } = surroundings;
  const database = { connectionString: databaseUrl };
  const newId = createIds(Date.now);
  const has = (role: ProcessRole) => config.ROLES.includes(role);
  // The relay alone reads none, and need not wait for those that a new version builds first.
  if (config.ROLES.some((role) => role !== 'relay')) await createReadModels(database, { log: logger });

  const prometheus = createPrometheus();
  const telemetry = { metrics: prometheus.metrics, tracing: createTracing() };
  const { broker, connection } = await connectBroker({
    url: natsUrl,
    namespace: NAMESPACE,
    name: 'deskwire',
    log: logger,
    onRefused: () => telemetry.metrics.refused('broker'),
  });
  parts.defer('broker', () => broker.close());
  const watch = watchParts(telemetry);
  const neighbours = surroundings.worker?.metrics;
  neighbours?.offer(prometheus.snapshot);
  const renderMetrics = async () =>
    neighbours ? prometheus.renderAll(await neighbours.collect()) : prometheus.render();
  const reader = createEventReader(pool);
  const appender = createAppender(pool, {
    ...APPENDER_LIMITS,
    onFlush: watch.onFlush,
    onRefused: () => telemetry.metrics.refused('appends'),
  });
  parts.defer('appender', () => appender.close());
  appender.onCommitted((events) => broker.live.deliver(events));

  const relay = has('relay') ? runRelay() : undefined;
  if (relay === undefined) parts.defer('relay hints', hintRelay({ appender, signals: broker.signals }));
  const feed = has('projector') ? createLogFeed({ appender, reader, broker, log: logger }) : undefined;
  parts.defer('log feed', () => feed?.close());
  const head = async () => feed?.head ?? (await reader.head()).position;
  const projections = feed ? runProjections(feed) : { ...createRemoteWaiter(pool), status: () => [] };

  function runRelay(): Relay {
    const running = createRelay({
      connection,
      signals: broker.signals,
      appender,
      reader,
      renewEpoch: (expected) => renewEpoch(pool, expected),
      openDedicatedConnection: () => openDedicatedConnection(database, 'deskwire relay'),
      log: logger,
      onPublished: watch.onPublished,
    });
    parts.defer('relay', () => running.close());
    return running;
  }

  function runProjections(followed: LogFeed): Projections {
    const { onBatch } = watch;
    const running = startProjections({ database, feed: followed, signals: broker.signals, pool, log: logger, onBatch });
    parts.defer('projections', () => running.close());
    return running;
  }

  const restoreCheck = createRestoreCheck({ appender, reader, pool });
  const epoch = await watchEpoch({
    ...{ reader, broker, confirm: restoreCheck.confirm, every: EPOCH_EVERY },
    onError: (error) => logger.warn({ err: error }, 'the epoch cannot be read'),
  });
  parts.defer('epoch', () => epoch.close());
  const snapshots = createSnapshotStore(pool, () => epoch.current);
  const directory = createDirectory({ reader, snapshots, broker, now: Date.now, log: logger });
  parts.defer('directory', () => directory.close());
  const local = createActorSystem({
    appender,
    reader,
    snapshots,
    deciders: { ticket: ticketDecider, user: userDecider, room: roomDecider, reference: referenceDecider },
    contextOf: { ticket: ticketContextFrom(directory) },
    now: Date.now,
    newId,
    log: logger,
    onRefused: telemetry.metrics.refused,
  });
  // Before the gateway adds its listener: clients that it disconnects come back to actors of the new history.
  epoch.onChanged(() => {
    logger.warn({ epoch: epoch.current }, 'the log has a new epoch: forgetting what was known of the old one');
    restoreCheck.forget();
    local.forget();
    directory.forget();
  });
  const code = await codeFingerprint();
  const view = createNodeView({ self: newId(), code, broker, now: Date.now, log: logger });
  const calls = { requests: broker.requests, now: Date.now, log: logger };
  const placed = createPlacedActorSystem({ local, view, code, ...calls });
  parts.defer('actors', () => placed.close());
  const actors = watchCommands(placed, telemetry);

  const auth = await createAuth({
    ...{ pool, actors, directory, broker, log: logger, now: Date.now, newId },
    limitAttempts: config.RATE_LIMIT === 'on',
    ...providerOf(config),
  });
  parts.defer('authentication', () => auth.close());
  if (config.DEMO_DATA === 'on') await seedDemo({ actors, credentials: auth.own?.credentials });

  const store = await openAttachmentStore(config);
  parts.defer('attachment store', () => store.close());
  const attachments = await createAttachments({
    ...{ pool, store, newId, now: Date.now, log: logger },
    baseUrl: config.PUBLIC_URL ?? '',
  });
  parts.defer('attachments', () => attachments.close());

  const application = createApplication({
    actors,
    queries: createQueries({ pool }),
    directory,
    history: reader,
    attachments,
    nextTicketNumber: createTicketNumbers(pool).next,
    newId,
    waiter: projections,
    lastPosition: () => Math.max(appender.lastPosition, placed.lastPosition),
  });
  const rebuilds = createRebuilds({ databaseUrl, log: logger, onDone: () => notifyRunners(broker.signals) });
  parts.defer('rebuilds', () => rebuilds.close());
  const operations = createOperations({
    pool,
    reader,
    notifyRunners: () => notifyRunners(broker.signals),
    rebuilds,
    openDedicatedConnection: () => openDedicatedConnection(database, 'deskwire operations', { queryTimeout: 0 }),
    relayPosition: () => publishedPosition(connection),
    now: Date.now,
  });
  const served = has('api') || has('gateway');
  const clock = () => performance.now();
  const common = { broker, now: Date.now, clock, log: logger.child({ of: 'sockets' }) };
  const cluster = served ? createSocketCluster({ ...common, self: newId(), dialects: DIALECTS }) : undefined;
  parts.defer('cluster of sockets', async () => cluster?.close());
  let draining = false;
  let gateway: Gateway | undefined;
  const app = await createApi({
    application,
    waiter: projections,
    auth,
    online: async (userIds) => cluster?.presence.online(userIds) ?? new Set(),
    sockets: () => cluster?.control,
    operations,
    asyncApi: createAsyncApi(DIALECTS, API_VERSION),
    epoch: () => epoch.current,
    readiness: readinessChecks({ pool, broker, projections, relay, head, draining: () => draining }),
    metrics: telemetry.metrics,
    ...(config.METRICS === 'on' && {
      metricsPage: { render: renderMetrics, token: config.METRICS_TOKEN },
    }),
    config: {
      corsOrigins: config.CORS_ORIGINS,
      trustProxy: config.TRUST_PROXY,
      ...(config.RATE_LIMIT === 'on' && REQUEST_LIMITS),
    },
    log: logger,
    web: join(import.meta.dirname, '../../dist'),
    healthOnly: !has('api'),
  });
  parts.defer('HTTP requests', () => app.close());
  if (cluster !== undefined && has('gateway')) {
    const opened = createGateway({
      httpServer: app.server as HttpServer,
      auth,
      application,
      reader,
      waiter: projections,
      broker,
      epoch,
      presence: cluster.presence,
      attachmentUrl: attachments.urlFor,
      log: logger,
      ...(surroundings.worker && { worker: surroundings.worker }),
      now: Date.now,
      telemetry,
      options: {
        replayLimit: config.REPLAY_LIMIT,
        outboundLimit: config.OUTBOUND_LIMIT,
        admission: { burst: 2 * config.CONNECTION_RATE, perSecond: config.CONNECTION_RATE },
        corsOrigins: config.CORS_ORIGINS,
        trustProxy: config.TRUST_PROXY,
        ...(config.RATE_LIMIT === 'off' && { rate: 'off' as const, admission: 'off' as const }),
      },
    });
    gateway = opened;
    parts.defer('sockets', () => opened.close());
    await cluster.join(opened);
  }
  // Whoever runs commands takes part in their placement; first of all to end, so that the others take over meanwhile.
  if (served) await placed.join();
  parts.defer('readiness', () => {
    draining = true;
    placed.leave();
  });
  prometheus.sample({
    head,
    relay: () => relay,
    projections: projections.status,
    actors: () => local.active,
    sockets: () => gateway?.sockets() ?? [],
    rooms: () => gateway?.rooms() ?? [],
    outbound: () => gateway?.outbound(),
  });
  return app;
}

function providerOf({ JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }: Config) {
  if (JWKS_URL === undefined || JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) return {};
  return { provider: { jwksUrl: JWKS_URL, issuer: JWT_ISSUER, audience: JWT_AUDIENCE } };
}
