/** The API on real parts: a database and a nats-server of its own, the event log, actors and read models, over real HTTP. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { createActorSystem } from '../../../src/actors/local-actor-system.ts';
import { createSnapshotStore } from '../../../src/actors/snapshots.ts';
import { createTicketNumbers } from '../../../src/actors/ticket-numbers.ts';
import { type ApiConfig, type ApiDeps, createApi } from '../../../src/api/api.ts';
import type { App } from '../../../src/api/app.ts';
import type { ReadinessCheck } from '../../../src/api/routes/health.ts';
import { createApplication } from '../../../src/application/application.ts';
import type { SocketControl } from '../../../src/application/socket-control.ts';
import { type Auth, type AuthDeps, createAuth } from '../../../src/auth/auth.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { createDirectory, ticketContextFrom } from '../../../src/directory/directory.ts';
import { referenceDecider } from '../../../src/domain/reference/decider.ts';
import { roomDecider } from '../../../src/domain/room/decider.ts';
import { ticketDecider } from '../../../src/domain/ticket/decider.ts';
import { userDecider } from '../../../src/domain/user/decider.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createAsyncApi } from '../../../src/gateway/asyncapi.ts';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { takenNames } from '../../../src/gateway/dialects/catalog.ts';
import { createLogFeed } from '../../../src/projections/engine/log-feed.ts';
import { createReadModels, startProjections } from '../../../src/projections/projections.ts';
import { createQueries } from '../../../src/projections/queries/create-queries.ts';
import type { ProjectionWaiter, Queries } from '../../../src/projections/queries/queries.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { type AttachmentOptions, startAttachments } from '../../support/attachments.ts';
import { startOperations } from '../../support/operations.ts';
import { createDatabase, startNats } from '../../support/services.ts';

const silent = pino({ level: 'silent' });
const newId = () => randomUUID();

/** Nothing is connected to a rig without a gateway. */
const NOBODY: SocketControl = {
  send: (target) => Promise.resolve('client' in target ? undefined : 0),
  status: () => Promise.resolve({ connections: 0, users: 0, rooms: 0, nodes: 1, uptime: 0 }),
  disconnect: (target) => Promise.resolve('client' in target ? undefined : 0),
  clients: () => Promise.resolve({ clients: [], more: false }),
  client: () => Promise.resolve(undefined),
  clientsOf: () => Promise.resolve([]),
  takenNames: takenNames(DIALECTS),
};

/** What the domain side of a node is made of, on a database and a nats-server. */
export interface Node extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly appender: Appender;
  readonly reader: EventReader;
  readonly actors: ReturnType<typeof createActorSystem>;
  readonly directory: ReturnType<typeof createDirectory>;
  readonly broker: Broker;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export async function startNode(): Promise<Node> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const pool = new pg.Pool({ connectionString: database.url, max: 20 });
  // Dropping the database may overtake the goodbye of an idle connection.
  pool.on('error', () => undefined);
  parts.defer(() => pool.end());
  const { url } = parts.use(await startNats());
  const broker = await connectTo(url, parts);
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
  parts.defer(() => appender.close());
  appender.onCommitted((events) => broker.live.deliver(events));
  const reader = createEventReader(pool);
  const snapshots = createSnapshotStore(pool);
  const common = { reader, snapshots, now: Date.now, log: silent };
  const directory = createDirectory({ ...common, broker });
  parts.defer(() => directory.close());
  const actors = createActorSystem({
    ...common,
    appender,
    newId,
    deciders: { ticket: ticketDecider, user: userDecider, room: roomDecider, reference: referenceDecider },
    contextOf: { ticket: ticketContextFrom(directory) },
  });
  parts.defer(() => actors.close());
  const owned = parts.move();
  return {
    pool,
    appender,
    reader,
    actors,
    directory,
    broker,
    databaseUrl: database.url,
    natsUrl: url,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A connection of its own, as another process has. */
export async function connectTo(url: string, parts: AsyncDisposableStack): Promise<Broker> {
  const { broker } = await connectBroker({ url, namespace: 'deskwire', name: 'test', log: silent });
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
  readonly online?: readonly string[];
  readonly onRoute?: ApiDeps['onRoute'];
  readonly attachments?: AttachmentOptions;
  readonly web?: string;
}

export async function startApi(options: RigOptions = {}): Promise<ApiRig> {
  await using parts = new AsyncDisposableStack();
  const node = parts.use(await startNode());
  const auth = await startAuth(node, options.auth);
  parts.defer(auth.close);
  const reads =
    options.queries === undefined
      ? await readModels(node, parts)
      : { queries: options.queries, waiter: { waitFor: () => Promise.resolve(true) } };
  await seedDemo({ actors: node.actors, credentials: auth.own?.credentials });
  const waiter = options.waiter ?? reads.waiter;
  const app = await createApi({
    application: createApplication({
      actors: node.actors,
      directory: node.directory,
      attachments: await startAttachments(node.pool, parts, options.attachments),
      queries: reads.queries,
      history: node.reader,
      waiter,
      nextTicketNumber: createTicketNumbers(node.pool).next,
      lastPosition: () => node.appender.lastPosition,
      newId,
    }),
    waiter,
    auth,
    online: () => Promise.resolve(new Set(options.online)),
    sockets: () => NOBODY,
    operations: startOperations(node, parts),
    asyncApi: createAsyncApi(DIALECTS, '1'),
    epoch: () => 'epoch',
    readiness: options.readiness ?? [],
    config: { corsOrigins: [], ...options.config },
    log: silent,
    ...(options.onRoute !== undefined && { onRoute: options.onRoute }),
    ...(options.web !== undefined && { web: options.web }),
  });
  parts.defer(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const anonymous = clientOf(url);
  const owned = parts.move();
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

async function readModels(node: Node, parts: AsyncDisposableStack) {
  const { appender, reader, broker, pool } = node;
  const database = { connectionString: node.databaseUrl };
  await createReadModels(database);
  const feed = createLogFeed({ appender, reader, broker, log: silent });
  parts.defer(() => feed.close());
  const projections = startProjections({ database, feed, signals: broker.signals, pool, log: silent });
  parts.defer(() => projections.close());
  return { queries: createQueries({ pool }), waiter: projections };
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
