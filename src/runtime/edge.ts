/** Fourth part of the runtime: the use cases, and the HTTP and socket servers through which clients reach them. */
import type { Server as HttpServer } from 'node:http';
import { createTicketNumbers } from '../actors/ticket-numbers.ts';
import { type ApiDeps, createApi } from '../api/api.ts';
import type { App } from '../api/app.ts';
import { createApplication } from '../application/application.ts';
import { createQuotas, noQuotas, type Quota } from '../application/quotas.ts';
import type { Attachments } from '../attachments/attachments.ts';
import type { Auth } from '../auth/auth.ts';
import type { PresencePaces } from '../cluster/presence/presence.ts';
import { createRequestKeys } from '../eventlog/request-keys.ts';
import { createAsyncApi } from '../gateway/asyncapi.ts';
import type { HostWorker } from '../gateway/connection/server.ts';
import { createSocketCluster, type SocketCluster } from '../gateway/control/socket-cluster.ts';
import { DIALECTS } from '../gateway/dialects/all.ts';
import type { Dialect } from '../gateway/dialects/dialect.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { GatewayOptions } from '../gateway/options.ts';
import { onceForEachOrigin } from '../support/origins.ts';
import type { Texts } from '../texts/texts.ts';
import type { RunningActors } from './actors.ts';
import type { RunningLog } from './log.ts';
import type { ReadSide } from './read-side.ts';
import type { Shutdown } from './shutdown.ts';

export interface EdgeOptions {
  readonly log: RunningLog;
  readonly actors: RunningActors;
  readonly reads: Pick<ReadSide, 'queries' | 'waiter' | 'operations'>;
  readonly auth: Auth;
  readonly attachments: Attachments;
  readonly texts: Texts;
  readonly newId: () => string;
  /** Undefined in a process that has no sockets. */
  readonly gateway?: {
    readonly options: Partial<GatewayOptions>;
    readonly worker?: HostWorker;
    /** Unix time in milliseconds; the system's clock when absent. */
    readonly now?: () => number;
  };
  /** `online` in place of the cluster's presence. */
  readonly api: Pick<ApiDeps, 'readiness' | 'draining' | 'config' | 'metricsPage' | 'web' | 'healthOnly' | 'onRoute'> &
    Partial<Pick<ApiDeps, 'online'>>;
  /** All of them when absent. */
  readonly dialects?: readonly Dialect[];
  readonly presencePaces?: PresencePaces;
  /** The daily quotas of users, by name; without bounds when absent. */
  readonly quotas?: Readonly<Record<string, Quota>>;
}

export interface Edge {
  /** It does not listen yet. */
  readonly app: App;
  readonly gateway: Gateway | undefined;
}

const API_VERSION = '1';

export async function startEdge(options: EdgeOptions, shutdown: Shutdown): Promise<Edge> {
  const { log, actors, reads, auth, attachments, texts, newId, dialects = DIALECTS } = options;
  const { pool, reader, broker, epoch, telemetry, logger } = log;
  const application = createApplication({
    actors: actors.actors,
    queries: reads.queries,
    directory: actors.directory,
    history: reader,
    requestKeys: createRequestKeys(pool),
    attachments,
    texts,
    nextTicketNumber: createTicketNumbers(pool).next,
    quotas: options.quotas === undefined ? noQuotas : createQuotas({ pool, limits: options.quotas, now: Date.now }),
    newId,
    waiter: reads.waiter,
    lastPosition: actors.lastPosition,
  });
  const cluster = createCluster(options, dialects);
  shutdown.defer('cluster of sockets', () => cluster?.close());
  const onOriginRefused = onceForEachOrigin((origin) =>
    logger.warn({ origin }, 'a web page may not call: if it should, add its origin to CORS_ORIGINS'),
  );
  const app = await createApi({
    onOriginRefused,
    application,
    head: async () => (await reader.head()).position,
    auth,
    online: async (userIds) => cluster?.presence.online(userIds) ?? new Set(),
    sockets: () => cluster?.control,
    operations: reads.operations,
    asyncApi: createAsyncApi(dialects, API_VERSION),
    epoch: () => epoch.current,
    metrics: telemetry.metrics,
    log: logger,
    ...options.api,
  });
  shutdown.defer('HTTP requests', () => app.close());
  if (options.gateway === undefined || cluster === undefined) return { app, gateway: undefined };
  const gateway = createGateway({
    ...options.gateway,
    now: options.gateway.now ?? Date.now,
    onOriginRefused,
    onSignedIn: (connection) => app.connectionBounds.recognize(connection),
    httpServer: app.server as HttpServer,
    dialects,
    auth,
    application,
    reader,
    broker,
    epoch,
    presence: cluster.presence,
    attachmentUrl: attachments.urlFor,
    log: logger,
    telemetry,
  });
  shutdown.defer('sockets', () => gateway.close());
  await cluster.join(gateway);
  return { app, gateway };
}

/**
 * Undefined for a process that only says whether it is well: it neither has sockets nor answers questions about them.
 */
function createCluster(options: EdgeOptions, dialects: readonly Dialect[]): SocketCluster | undefined {
  if (options.api.healthOnly === true && options.gateway === undefined) return undefined;
  const { log, newId, presencePaces } = options;
  return createSocketCluster({
    self: newId(),
    dialects,
    broker: log.broker,
    now: Date.now,
    clock: () => performance.now(),
    log: log.logger.child({ of: 'sockets' }),
    ...(presencePaces && { paces: presencePaces }),
  });
}
