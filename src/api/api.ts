/**
 * The HTTP API: one Fastify instance that does not listen yet, so that the gateway can share its server. This file
 * lists the plugins in the order in which a request passes them; each plugin and each resource has a file of its own.
 *
 * Every request passes every hook of its level. The hooks therefore take no time or, like authentication, answer in the
 * same tick when they know the caller.
 */
import { fastify, type RouteOptions } from 'fastify';
import type { Logger } from 'pino';
import type { Application } from '../application/application.ts';
import type { Operations } from '../application/operations.ts';
import type { Sockets } from '../application/socket-push.ts';
import type { Auth } from '../auth/auth.ts';
import type { AsyncApiDocument } from '../contract/asyncapi.ts';
import { LIMITS } from '../contract/limits.ts';
import { createOrigins } from '../support/origins.ts';
import type { PoolLimits } from '../support/pool.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import type { App } from './app.ts';
import { handleInput } from './input.ts';
import { describeRoutes } from './openapi/docs.ts';
import { describeSockets } from './openapi/sockets.ts';
import { authenticateRequests } from './plugins/authentication.ts';
import { boundBodyArrival } from './plugins/body-arrival.ts';
import { closeConnections, cutOffRefused, endConnectionsWhile } from './plugins/closing.ts';
import { boundConnections, CONNECTION_LIMITS, type ConnectionBounds } from './plugins/connections.ts';
import { setCommonHeaders } from './plugins/headers.ts';
import { boundRequests, REQUEST_BOUNDS, type RequestBounds } from './plugins/in-flight.ts';
import { logRequests } from './plugins/logging.ts';
import { refuseUnderPressure } from './plugins/loop-delay.ts';
import { answerUnmatched } from './plugins/methods.ts';
import { type MetricsPage, measureRequests, metricsRoute } from './plugins/metrics.ts';
import { handleProblems, problemAnswer } from './plugins/problems.ts';
import { limitRequests } from './plugins/rate-limit.ts';
import {
  type AwaitPosition,
  awaitWrites,
  createPositionWaits,
  sendEpoch,
  WAIT_LIMITS,
} from './plugins/read-your-writes.ts';
import { boundUrls, refuseConnection } from './plugins/refused-connections.ts';
import { cutOffSlowReaders } from './plugins/slow-readers.ts';
import { serveWeb } from './plugins/web.ts';
import { requestId } from './requests.ts';
import { accountRoutes, passwordResetRoutes } from './routes/account.ts';
import { downloadRoutes, requireViewer, uploadRoutes } from './routes/attachments.ts';
import { authRoutes } from './routes/auth.ts';
import { chatRoutes } from './routes/chat.ts';
import { healthRoutes, type ReadinessCheck } from './routes/health.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { operationsRoutes } from './routes/operations.ts';
import { referenceRoutes } from './routes/references.ts';
import { roomRoutes } from './routes/rooms.ts';
import { supportRoutes } from './routes/support.ts';
import { type Online, ticketPeopleRoutes } from './routes/ticket-people.ts';
import { ticketRoutes } from './routes/tickets.ts';
import { userRoutes } from './routes/users.ts';
import { websocketRoutes } from './routes/websocket.ts';

/** Bytes. The longest message fits, however its characters are escaped. */
const BODY_LIMIT = 128 * 1_024;
/** Milliseconds to receive one request: enough for the largest file from a slow phone. */
const REQUEST_MS = 300_000;
/** Milliseconds to receive the head of a request, from the opening of its connection on. */
const HEADERS_MS = 10_000;
/** Milliseconds to receive a body that is no upload: enough for the largest one from a slow phone. */
const BODY_MS = 10_000;
/** Milliseconds between two searches for requests that take too long to arrive. */
const ARRIVAL_CHECK_MS = 1_000;
/** Milliseconds after which a client is cut off that takes no byte of its answer. */
const READ_MS = 30_000;
/** Milliseconds after which a client is cut off that goes on sending a body that was refused. */
const REFUSED_BODY_MS = 10_000;
/** Milliseconds that requests have to end when the server closes. */
const CLOSING_MS = 10_000;

export interface ApiConfig {
  /** Origins whose web pages may call the API; `*` allows any. */
  readonly corsOrigins: readonly string[];
  /** Where browsers reach us, for links; the address of the request when absent. */
  readonly publicUrl?: string;
  /** Requests per minute and user; no limit when absent. */
  readonly requestsPerMinute?: number;
  /** Addresses and networks of the proxies whose word on the client's address is trusted. */
  readonly trustProxy?: readonly string[];
  /** Milliseconds that requests in flight have to end when the server closes; 10,000 when absent. */
  readonly closingGrace?: number;
  /** Bounds on requests in flight, without those for health and metrics; `REQUEST_BOUNDS` where absent. */
  readonly requestsInFlight?: Partial<RequestBounds>;
  /** Bounds on connections on which nobody has signed in; `CONNECTION_LIMITS` where absent. */
  readonly connections?: Partial<PoolLimits>;
  /** Bounds on reads that wait for a position; `WAIT_LIMITS` where absent. */
  readonly waits?: Partial<typeof WAIT_LIMITS>;
  /** Milliseconds for a head, or for a body that is no upload, to arrive; 10,000 when absent. */
  readonly arrivalLimit?: number;
  /** Milliseconds after which a client that takes no byte of its answer is cut off; 30,000 when absent. */
  readonly readLimit?: number;
  /** Delay of the event loop, in milliseconds, above which requests are refused; no limit when absent. */
  readonly loopDelay?: number;
}

export interface ApiDeps {
  readonly application: Application;
  /** The newest position of the log, read from the database. */
  readonly head: () => Promise<number>;
  readonly auth: Auth;
  readonly online: Online;
  readonly sockets: Sockets;
  readonly operations: Operations;
  readonly asyncApi: AsyncApiDocument;
  /** The current epoch of the log. */
  readonly epoch: () => string;
  readonly readiness: readonly ReadinessCheck[];
  /** True from the signal to end on; false when absent. */
  readonly draining?: () => boolean;
  /** Counts every request. */
  readonly metrics?: Metrics;
  /** Without it, `/metrics` does not exist. */
  readonly metricsPage?: MetricsPage;
  readonly config: ApiConfig;
  /** A page of this origin may not call. */
  readonly onOriginRefused: (origin: string) => void;
  readonly log: Logger;
  /** True for a process without the role `api`: it serves health, metrics and documents only. */
  readonly healthOnly?: boolean;
  /** Folder with the built console and scripts; without it, none of them is served. */
  readonly web?: string;
  /** Called for each route when it is added, so that tests can check that they know all routes. */
  readonly onRoute?: (route: RouteOptions) => void;
}

export async function createApi(deps: ApiDeps): Promise<App> {
  const app = createServer(deps);
  const { config } = deps;
  const limits = { ...CONNECTION_LIMITS, ...config.connections };
  const connections = boundConnections(app, limits, config.trustProxy ?? []);
  await handleEveryRequest(app, deps);
  await describeRoutes(app);
  describeSockets(app, deps.asyncApi);
  healthRoutes(app, deps.readiness, deps.log);
  if (deps.metricsPage) metricsRoute(app, deps.metricsPage);
  if (deps.healthOnly) return app;
  if (deps.web !== undefined) await serveWeb(app, deps.web);
  await app.register((bounded: App) => boundedRoutes(bounded, deps, connections));
  return app;
}

function createServer({ application, config, log, onRoute }: ApiDeps): App {
  const app: App = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    // Requests that arrive while the server closes are answered as any other.
    return503OnClosing: false,
    http: {
      headersTimeout: config.arrivalLimit ?? HEADERS_MS,
      connectionsCheckingInterval: ARRIVAL_CHECK_MS,
    },
    trustProxy: [...(config.trustProxy ?? [])],
    frameworkErrors: problemAnswer(log),
    clientErrorHandler: refuseConnection(application.newId),
    genReqId: ({ headers }) => requestId(headers, application.newId),
    // An id has at most 128 characters, and each may be percent-encoded in up to twelve.
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: true, maxParamLength: 12 * LIMITS.id },
  });
  app.decorateRequest('authenticated', null);
  if (onRoute !== undefined) app.addHook('onRoute', onRoute);
  return app;
}

async function handleEveryRequest(app: App, { config, log, metrics = noMetrics, ...deps }: ApiDeps): Promise<void> {
  boundUrls(app);
  closeConnections(app, config.closingGrace ?? CLOSING_MS);
  if (deps.draining !== undefined) endConnectionsWhile(app, deps.draining);
  cutOffRefused(app, REFUSED_BODY_MS);
  cutOffSlowReaders(app, config.readLimit ?? READ_MS);
  handleProblems(app, log);
  handleInput(app);
  logRequests(app, log);
  measureRequests(app, metrics);
  await setCommonHeaders(app, createOrigins(config.corsOrigins), deps.onOriginRefused);
  answerUnmatched(app, problemAnswer(log));
}

/** Routes whose requests count as in flight: all but those for health, metrics, documents and the console. */
async function boundedRoutes(app: App, deps: ApiDeps, connections: ConnectionBounds): Promise<void> {
  const { auth, config, metrics = noMetrics } = deps;
  const bounds = { ...REQUEST_BOUNDS, ...config.requestsInFlight };
  const inFlight = boundRequests(app, bounds, () => metrics.refused('requests'));
  boundBodyArrival(app, config.arrivalLimit ?? BODY_MS);
  await refuseUnderPressure(app, config.loopDelay);
  await app.register(async (anonymous: App) => {
    inFlight.boundAnonymous(anonymous);
    authRoutes(anonymous, auth);
    passwordResetRoutes(anonymous, auth.own);
  });
  const awaitPosition = createPositionWaits({
    waitFor: deps.application.waitFor,
    head: deps.head,
    limits: { ...WAIT_LIMITS, ...config.waits },
    onRefused: () => metrics.refused('requests'),
  });
  const boundUsers = (known: App) => {
    known.addHook('onRequest', (request, _reply, done) => {
      connections.recognize(request.raw.socket);
      done();
    });
    inFlight.boundUsers(known);
  };
  await app.register((authenticated: App) => authenticatedRoutes(authenticated, deps, { boundUsers, awaitPosition }));
  await app.register((linked: App) => linkedRoutes(linked, deps, { boundUsers, awaitPosition }));
}

/** Bounds that the routes with a known user share. */
interface UserBounds {
  /** Bounds the requests of an instance. Must follow authentication. */
  boundUsers(app: App): void;
  readonly awaitPosition: AwaitPosition;
}

/** Routes that need a bearer token. */
async function authenticatedRoutes(app: App, deps: ApiDeps, bounds: UserBounds): Promise<void> {
  const { application, auth, config, online } = deps;
  authenticateRequests(app, auth.authenticate);
  bounds.boundUsers(app);
  sendEpoch(app, deps.epoch);
  await limitRequests(app, config.requestsPerMinute);
  awaitWrites(app, bounds.awaitPosition, application.settle);
  supportRoutes(app, application);
  ticketRoutes(app, application);
  ticketPeopleRoutes(app, application, online);
  chatRoutes(app, application, online);
  notificationRoutes(app, application);
  accountRoutes(app, auth.own);
  userRoutes(app, application, auth.own, config.publicUrl);
  referenceRoutes(app, application);
  roomRoutes(app, application);
  websocketRoutes(app, application, deps.sockets);
  operationsRoutes(app, deps.operations);
  await app.register((uploading: App) => uploadRoutes(uploading, application));
}

/** Routes that take a bearer token or a signed link. */
async function linkedRoutes(app: App, deps: ApiDeps, bounds: UserBounds): Promise<void> {
  const { application, auth, config } = deps;
  app.addHook('onRequest', requireViewer(application, auth.authenticate));
  bounds.boundUsers(app);
  await limitRequests(app, config.requestsPerMinute);
  awaitWrites(app, bounds.awaitPosition, application.settle);
  downloadRoutes(app, application, { crossOrigin: config.corsOrigins.length > 0 });
}
