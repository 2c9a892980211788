/**
 * The HTTP API: one Fastify instance, not listening, so that the gateway can share its server. What every request needs is
 * here, in the order in which it happens; what each resource does is in `routes/`.
 *
 * Every hook is on the way of every request: the ones here either take no time or, like authentication, answer in the same
 * tick once they know the caller.
 */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { fastify, type RouteOptions } from 'fastify';
import type { Logger } from 'pino';
import type { Application, ApplicationDeps } from '../application/application.ts';
import type { Operations } from '../application/operations.ts';
import type { Auth } from '../auth/auth.ts';
import type { AsyncApiDocument } from '../contract/asyncapi.ts';
import { LIMITS } from '../contract/limits.ts';
import { DeskwireError } from '../domain/errors.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import type { App } from './app.ts';
import { handleInput } from './input.ts';
import { describeRoutes } from './openapi/docs.ts';
import { describeSockets } from './openapi/sockets.ts';
import { closeConnections, cutOffRefused } from './plugins/closing.ts';
import { boundRequests } from './plugins/in-flight.ts';
import { logRequests } from './plugins/logging.ts';
import { type MetricsPage, measureRequests, metricsRoute } from './plugins/metrics.ts';
import { handleProblems, problemAnswer } from './plugins/problems.ts';
import { awaitWrites, tellEpoch } from './plugins/read-your-writes.ts';
import { serveWeb } from './plugins/web.ts';
import { requestId, requireAuthentication, userOf } from './requests.ts';
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
import { type Sockets, websocketRoutes } from './routes/websocket.ts';

/** Bytes. A message of the greatest length fits, however its characters are escaped. */
const BODY_LIMIT = 128 * 1_024;
/** For a whole request: a file of the greatest size, at the pace of a slow phone. */
const REQUEST_MS = 300_000;
/** Whoever goes on sending what was refused is cut off after this many milliseconds. */
const REFUSED_BODY_MS = 10_000;
/** What is not over by then when the server closes is cut off. */
const CLOSING_MS = 10_000;
/** Requests under way. A second of Postgres at its fastest is more. */
const IN_FLIGHT = 2_000;

/** We answer with data, never with pages. Written out because helmet puts it together anew for each answer. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** Without the headers that mean something for pages only. */
const HELMET = {
  contentSecurityPolicy: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

export interface ApiConfig {
  /** Origins of web pages that may call; `*` is any. */
  readonly corsOrigins: readonly string[];
  /** Requests per minute and user; undefined for no limit. */
  readonly requestsPerMinute?: number;
  /** Addresses and networks of the proxies that are believed about the client's address. */
  readonly trustProxy?: readonly string[];
  /** Milliseconds that requests under way have to end when the server closes; 10,000 when absent. */
  readonly closingGrace?: number;
  /** Requests that may be under way, without those for health and metrics; 2,000 when absent. */
  readonly requestsInFlight?: number;
  /** Milliseconds that the event loop may be late until requests are refused; undefined for no limit. */
  readonly loopDelay?: number;
}

export interface ApiDeps {
  readonly application: Application;
  readonly waiter: ApplicationDeps['waiter'];
  readonly auth: Auth;
  readonly online: Online;
  readonly sockets: Sockets;
  readonly operations: Operations;
  readonly asyncApi: AsyncApiDocument;
  /** Of the log, as it is now. */
  readonly epoch: () => string;
  readonly readiness: readonly ReadinessCheck[];
  /** Told of every request. */
  readonly metrics?: Metrics;
  /** There is no `/metrics` without it. */
  readonly metricsPage?: MetricsPage;
  readonly config: ApiConfig;
  readonly log: Logger;
  /** For a process without the role `api`: it says whether it is well, and nothing else. */
  readonly healthOnly?: boolean;
  /** Where what browsers load is built to; nothing of it is served without. */
  readonly web?: string;
  /** Called for each route as it is added: for whoever has to know that none is forgotten. */
  readonly onRoute?: (route: RouteOptions) => void;
}

export async function createApi(parts: ApiDeps): Promise<App> {
  const { application, waiter, auth, config, log, metrics = noMetrics } = parts;
  const app: App = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    trustProxy: [...(config.trustProxy ?? [])],
    frameworkErrors: problemAnswer(log),
    genReqId: ({ headers }) => requestId(headers, application.newId),
    // Ids are 128 characters long at most, each of which may come as up to twelve.
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: true, maxParamLength: 12 * LIMITS.id },
  });
  app.decorateRequest('authenticated', null);
  if (parts.onRoute !== undefined) app.addHook('onRoute', parts.onRoute);
  closeConnections(app, config.closingGrace ?? CLOSING_MS);
  cutOffRefused(app, REFUSED_BODY_MS);
  handleProblems(app, log);
  handleInput(app);
  logRequests(app, log);
  measureRequests(app, metrics);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('content-security-policy', CONTENT_SECURITY_POLICY);
    done();
  });
  await app.register(helmet, HELMET);
  await app.register(cors, {
    origin: config.corsOrigins.includes('*') ? true : [...config.corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
    exposedHeaders: ['Deskwire-Epoch', 'Deskwire-Position', 'ETag', 'Location', 'Retry-After', 'X-Request-Id'],
  });

  await describeRoutes(app);
  describeSockets(app, parts.asyncApi);
  healthRoutes(app, parts.readiness, log);
  if (parts.metricsPage) metricsRoute(app, parts.metricsPage);
  if (parts.healthOnly) return app;
  if (parts.web !== undefined) await serveWeb(app, parts.web);
  await app.register(async (open: App) => {
    boundRequests(open, config.requestsInFlight ?? IN_FLIGHT, () => metrics.refused('requests'));
    await refuseUnderPressure(open, config.loopDelay);
    authRoutes(open, auth);
    await open.register(async (authenticated: App) => {
      authenticated.addHook('onRoute', (route) => {
        route.config = { ...route.config, authenticated: true };
      });
      authenticated.addHook('onRequest', requireAuthentication(auth.authenticate));
      authenticated.addHook('onRequest', tellEpoch(parts.epoch));
      await limitRequests(authenticated, config.requestsPerMinute);
      authenticated.addHook('preHandler', awaitWrites(waiter, application.settle));
      supportRoutes(authenticated, application);
      ticketRoutes(authenticated, application);
      ticketPeopleRoutes(authenticated, application, parts.online);
      chatRoutes(authenticated, application, parts.online);
      notificationRoutes(authenticated, application);
      userRoutes(authenticated, application, auth.own);
      referenceRoutes(authenticated, application);
      roomRoutes(authenticated, application);
      websocketRoutes(authenticated, application, parts.sockets);
      operationsRoutes(authenticated, parts.operations);
      await authenticated.register((uploading: App) => uploadRoutes(uploading, application));
    });
    await open.register(async (linked: App) => {
      linked.addHook('onRequest', requireViewer(application, auth.authenticate));
      await limitRequests(linked, config.requestsPerMinute);
      linked.addHook('preHandler', awaitWrites(waiter, application.settle));
      downloadRoutes(linked, application, { crossOrigin: config.corsOrigins.length > 0 });
    });
  });
  return app;
}

async function refuseUnderPressure(app: App, loopDelay: number | undefined): Promise<void> {
  if (loopDelay !== undefined) await app.register(underPressure, { maxEventLoopDelay: loopDelay });
}

async function limitRequests(app: App, perMinute: number | undefined): Promise<void> {
  if (perMinute === undefined) return;
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    hook: 'preHandler',
    keyGenerator: (request) => userOf(request).id,
    errorResponseBuilder: (_request, { ttl }) =>
      new DeskwireError('rate_limited', 'Too many requests', { retryAfter: Math.ceil(ttl / 1_000) }),
  });
}
