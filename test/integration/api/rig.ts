/**
 * The API on real parts: a database and a nats-server of its own, the event log, actors and read models, over real
 * HTTP.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import type { ApiConfig, ApiDeps } from '../../../src/api/api.ts';
import type { App } from '../../../src/api/app.ts';
import type { ReadinessCheck } from '../../../src/api/routes/health.ts';
import { type Auth, type AuthDeps, createAuth } from '../../../src/auth/auth.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import type { Directory } from '../../../src/directory/directory.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createReadModels } from '../../../src/projections/projections.ts';
import type { ProjectionWaiter, Queries } from '../../../src/projections/queries/queries.ts';
import { type RunningActors, startActors } from '../../../src/runtime/actors.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { startEdge } from '../../../src/runtime/edge.ts';
import { type RunningLog, startLog } from '../../../src/runtime/log.ts';
import { startReadSide } from '../../../src/runtime/read-side.ts';
import { createShutdown } from '../../../src/runtime/shutdown.ts';
import { noTelemetry } from '../../../src/telemetry/telemetry.ts';
import { createTexts } from '../../../src/texts/texts.ts';
import { type AttachmentOptions, startAttachments } from '../../support/attachments.ts';
import { testKeys } from '../../support/cluster-keys.ts';
import { createDatabase, startNats } from '../../support/services.ts';

const silent = pino({ level: 'silent' });
const newId = () => randomUUID();

/** What the domain side of a node is made of, on a database and a nats-server. */
export interface Node extends AsyncDisposable {
  readonly log: RunningLog;
  readonly running: RunningActors;
  readonly pool: pg.Pool;
  readonly appender: Appender;
  readonly reader: EventReader;
  readonly actors: ActorSystem;
  readonly directory: Directory;
  readonly broker: Broker;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export async function startNode(): Promise<Node> {
  await using stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await createDatabase());
  const { url: natsUrl } = stack.use(await startNats());
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
  // Dropping the database may overtake the goodbye of an idle connection.
  pool.on('error', () => undefined);
  stack.defer(() => pool.end());
  const shutdown = stack.use(createShutdown());
  const connected = await connectBroker({
    url: natsUrl,
    namespace: 'deskwire',
    keys: testKeys(),
    name: 'test',
    log: silent,
  });
  shutdown.defer('broker', () => connected.broker.close());
  const options = { ...connected, databaseUrl, pool, relay: false, telemetry: noTelemetry, logger: silent };
  const log = await startLog(options, shutdown);
  const running = await startActors(log, newId, shutdown);
  const { appender, reader, broker } = log;
  const { actors, directory } = running;
  const owned = stack.move();
  return {
    log,
    running,
    pool,
    appender,
    reader,
    actors,
    directory,
    broker,
    databaseUrl,
    natsUrl,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A connection of its own, as another process has. */
export async function connectTo(url: string, parts: AsyncDisposableStack): Promise<Broker> {
  const { broker } = await connectBroker({ url, namespace: 'deskwire', keys: testKeys(), name: 'test', log: silent });
  parts.defer(() => broker.close());
  return broker;
}

type AuthNode = Pick<Node, 'pool' | 'actors' | 'directory'> & Partial<Pick<Node, 'broker'>>;

export function startAuth(node: AuthNode, options: Partial<AuthDeps> = {}): Promise<Auth> {
  const { pool, actors, directory, broker } = node;
  return createAuth({
    pool,
    actors,
    directory,
    ...(broker !== undefined && { broker }),
    log: silent,
    now: Date.now,
    newId,
    limitAttempts: false,
    ...options,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as a client in JavaScript does
  readonly body: any;
}

export interface Client {
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** As `fetch`, with their token. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly token: string | undefined;
}

export interface ApiRig extends AsyncDisposable {
  readonly node: Node;
  readonly auth: Auth;
  readonly app: App;
  readonly url: string;
  readonly anonymous: Client;
  /** Signed in as the demo user with this email. */
  as(email: string): Promise<Client>;
}

interface RigOptions {
  /** Instead of the read models, which then do not run. */
  readonly queries?: Queries;
  readonly waiter?: ProjectionWaiter;
  readonly config?: Partial<ApiConfig>;
  readonly auth?: Partial<AuthDeps>;
  readonly readiness?: readonly ReadinessCheck[];
  readonly metricsPage?: ApiDeps['metricsPage'];
  readonly online?: readonly string[];
  readonly onRoute?: ApiDeps['onRoute'];
  readonly attachments?: AttachmentOptions;
  readonly web?: string;
}

export async function startApi(options: RigOptions = {}): Promise<ApiRig> {
  await using stack = new AsyncDisposableStack();
  const node = stack.use(await startNode());
  const shutdown = stack.use(createShutdown());
  const auth = await startAuth(node, options.auth);
  shutdown.defer('authentication', auth.close);
  if (options.queries === undefined) await createReadModels({ connectionString: node.databaseUrl });
  const reads = startReadSide(node.log, options.queries === undefined, shutdown);
  await seedDemo({ actors: node.actors, credentials: auth.own?.credentials });
  const { app } = await startEdge(
    {
      log: node.log,
      actors: node.running,
      reads: { ...reads, ...readsInstead(options) },
      auth,
      attachments: await startAttachments(node.pool, stack, options.attachments),
      texts: createTexts(),
      newId,
      api: {
        readiness: options.readiness ?? [],
        config: { corsOrigins: [], ...options.config },
        ...(options.metricsPage !== undefined && { metricsPage: options.metricsPage }),
        ...(options.onRoute !== undefined && { onRoute: options.onRoute }),
        ...(options.web !== undefined && { web: options.web }),
        online: () => Promise.resolve(new Set(options.online)),
      },
    },
    shutdown,
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const anonymous = clientOf(url);
  const owned = stack.move();
  return {
    node,
    auth,
    app,
    url,
    anonymous,
    async as(email) {
      const { body } = await anonymous.send('POST', '/api/v1/auth/login', { email, password: DEMO_PASSWORD });
      return clientOf(url, body.access_token);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A test that brings its queries waits for no read models, unless it brings that, too. */
function readsInstead({ queries, waiter }: RigOptions) {
  if (queries === undefined) return waiter === undefined ? {} : { waiter };
  return { queries, waiter: waiter ?? { waitFor: () => Promise.resolve(true) } };
}

export function clientOf(url: string, token?: string): Client {
  const withToken: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    token,
    fetch: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { ...withToken, ...Object.fromEntries(new Headers(init.headers)) } }),
    async send(method, path, body, headers = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...withToken,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
}

/** For tests that read nothing but what they bring: any other question fails loudly. */
export function noQueries(known: Partial<Queries> = {}): Queries {
  return new Proxy(known as Queries, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => Promise.reject(new Error(`this test has no read models for ${String(name)}`))),
  });
}
