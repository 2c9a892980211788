/**
 * Puts the parts of one Deskwire process together on services that are there: database and broker in, an HTTP server
 * that is ready to listen out. Each part is closed in the reverse order of its making, so that nothing loses what it
 * still needs: sockets are released and requests finished first, the event log and its connections last.
 */
import type { Server as HttpServer } from 'node:http';
import type pg from 'pg';
import { createDirectory, ticketContextFrom } from './actors/directory.ts';
import { createActorSystem } from './actors/local-actor-system.ts';
import { createSnapshotStore } from './actors/snapshots.ts';
import { createTicketNumbers } from './actors/ticket-numbers.ts';
import { watchCommands } from './actors/watch-commands.ts';
import { createApi } from './api/api.ts';
import type { App } from './api/app.ts';
import { createServices } from './application/services.ts';
import { createAttachments } from './attachments/attachments.ts';
import { createAuth } from './auth/auth.ts';
import { connectBroker } from './broker/connection.ts';
import { createRelay } from './broker/relay.ts';
import type { Config } from './config.ts';
import { seedDemo } from './demo.ts';
import { referenceDecider } from './domain/reference/decider.ts';
import { roomDecider } from './domain/room/decider.ts';
import { ticketDecider } from './domain/ticket/decider.ts';
import { userDecider } from './domain/user/decider.ts';
import { createAppender } from './eventlog/appender.ts';
import { renewEpoch } from './eventlog/epoch.ts';
import { createEventReader } from './eventlog/reader.ts';
import { openSession } from './eventlog/session.ts';
import { createAsyncApi } from './gateway/contract/asyncapi.ts';
import { DIALECTS } from './gateway/dialects/all.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createIds } from './ids.ts';
import type { Logger } from './logging.ts';
import { createQueries } from './projections/create-queries.ts';
import { createLogFeed } from './projections/feed.ts';
import { createReadModels, startProjections } from './projections/projections.ts';
import { readinessChecks } from './readiness.ts';
import { openAttachmentStore } from './storage.ts';
import { createPrometheus } from './telemetry/prometheus.ts';
import { createTracing } from './telemetry/tracing.ts';
import { watchParts } from './watch-parts.ts';

export interface Surroundings {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly pool: pg.Pool;
  readonly logger: Logger;
}

const NAMESPACE = 'deskwire';
const API_VERSION = '1';
/** The appender must take whatever the actors let in: they hold 20,000 commands at most. */
const APPENDER_LIMITS = { maxFlushEvents: 500, maxQueuedEvents: 50_000 };
const REQUESTS_PER_MINUTE = 6_000;

/** The parts of one process, started; `parts` closes them. */
export async function startParts(surroundings: Surroundings, parts: AsyncDisposableStack): Promise<App> {
  const { config, databaseUrl, natsUrl, pool, logger } = surroundings;
  const database = { connectionString: databaseUrl };
  const newId = createIds(Date.now);
  await createReadModels(database, { log: logger });

  const { broker, connection } = await connectBroker({
    url: natsUrl,
    namespace: NAMESPACE,
    name: 'deskwire',
    log: logger,
  });
  parts.defer(() => broker.close());
  const prometheus = createPrometheus();
  const telemetry = { metrics: prometheus.metrics, tracing: createTracing() };
  const watch = watchParts(telemetry);
  const reader = createEventReader(pool);
  const appender = createAppender(pool, { ...APPENDER_LIMITS, onFlush: watch.onFlush });
  parts.defer(() => appender.close());
  appender.onCommitted((events) => broker.live.deliver(events));

  const relay = createRelay({
    connection,
    signals: broker.signals,
    appender,
    reader,
    renewEpoch: (expected) => renewEpoch(pool, expected),
    openSession: () => openSession(database, 'deskwire relay'),
    log: logger,
    onPublished: watch.onPublished,
  });
  parts.defer(() => relay.close());
  const feed = createLogFeed({ appender, reader, broker, log: logger });
  parts.defer(() => feed.close());
  const projections = startProjections({
    ...{ database, feed, pool, log: logger },
    signals: broker.signals,
    onBatch: watch.onBatch,
  });
  parts.defer(() => projections.close());

  const snapshots = createSnapshotStore(pool);
  const directory = createDirectory({ reader, snapshots, broker, now: Date.now, log: logger });
  parts.defer(() => directory.close());
  const localActors = createActorSystem({
    appender,
    reader,
    snapshots,
    deciders: { ticket: ticketDecider, user: userDecider, room: roomDecider, reference: referenceDecider },
    contextOf: { ticket: ticketContextFrom(directory) },
    now: Date.now,
    newId,
    log: logger,
  });
  parts.defer(() => localActors.close());
  const actors = watchCommands(localActors, telemetry);

  const auth = await createAuth({
    pool,
    actors,
    directory,
    broker,
    log: logger,
    now: Date.now,
    newId,
    limitAttempts: config.RATE_LIMIT === 'on',
    ...providerOf(config),
  });
  parts.defer(() => auth.close());
  if (config.DEMO_DATA === 'on') await seedDemo({ actors, credentials: auth.own?.credentials });

  const store = await openAttachmentStore(config);
  parts.defer(() => store.close());
  const attachments = await createAttachments({
    pool,
    store,
    baseUrl: config.PUBLIC_URL ?? '',
    newId,
    now: Date.now,
    log: logger,
  });
  parts.defer(() => attachments.close());

  const services = createServices({
    actors,
    queries: createQueries({ pool }),
    directory,
    history: reader,
    attachments,
    nextTicketNumber: createTicketNumbers(pool).next,
    newId,
    waiter: projections,
    lastPosition: () => appender.lastPosition,
  });
  let gateway: Gateway | undefined;
  const app = await createApi({
    services,
    waiter: projections,
    auth,
    online: async (userIds) => gateway?.online(userIds) ?? new Set(),
    sockets: () => gateway?.control,
    asyncApi: createAsyncApi(DIALECTS, API_VERSION),
    readiness: readinessChecks({ pool, broker, projections, relay, head: () => feed.head }),
    metrics: telemetry.metrics,
    ...(config.METRICS === 'on' && { metricsPage: { render: prometheus.render, token: config.METRICS_TOKEN } }),
    config: {
      corsOrigins: config.CORS_ORIGINS,
      trustProxy: config.TRUST_PROXY,
      ...(config.RATE_LIMIT === 'on' && { requestsPerMinute: REQUESTS_PER_MINUTE }),
    },
    log: logger,
  });
  parts.defer(() => app.close());
  gateway = await createGateway({
    httpServer: app.server as HttpServer,
    auth,
    services,
    reader,
    waiter: projections,
    broker,
    attachmentUrl: attachments.urlFor,
    log: logger,
    now: Date.now,
    telemetry,
    options: {
      replayLimit: config.REPLAY_LIMIT,
      corsOrigins: config.CORS_ORIGINS,
      trustProxy: config.TRUST_PROXY,
      ...(config.RATE_LIMIT === 'off' && { rate: 'off' as const }),
    },
  });
  parts.defer(() => gateway.close());
  prometheus.sample({
    head: () => feed.head,
    relay: () => relay,
    projections: projections.status,
    actors: () => localActors.active,
    sockets: gateway.sockets,
    rooms: gateway.rooms,
  });
  return app;
}

function providerOf({ JWKS_URL, JWT_ISSUER, JWT_AUDIENCE }: Config) {
  if (JWKS_URL === undefined || JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) return {};
  return { provider: { jwksUrl: JWKS_URL, issuer: JWT_ISSUER, audience: JWT_AUDIENCE } };
}
