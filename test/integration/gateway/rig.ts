/** A whole node on real parts: PostgreSQL, nats-server, the relay, the API and the gateway, on one port. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { type Logger, pino } from 'pino';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { createActorSystem } from '../../../src/actors/local-actor-system.ts';
import { createSnapshotStore } from '../../../src/actors/snapshots.ts';
import { createTicketNumbers } from '../../../src/actors/ticket-numbers.ts';
import { type ApiDeps, createApi } from '../../../src/api/api.ts';
import { createApplication } from '../../../src/application/application.ts';
import { createAuth } from '../../../src/auth/auth.ts';
import type { Credentials } from '../../../src/auth/credentials.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import { createRelay } from '../../../src/broker/relay.ts';
import type { PresencePaces } from '../../../src/cluster/presence/presence.ts';
import { createDirectory, ticketContextFrom } from '../../../src/directory/directory.ts';
import { referenceDecider } from '../../../src/domain/reference/decider.ts';
import { roomDecider } from '../../../src/domain/room/decider.ts';
import { ticketDecider } from '../../../src/domain/ticket/decider.ts';
import { userDecider } from '../../../src/domain/user/decider.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { watchEpoch } from '../../../src/eventlog/epoch-watch.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createAsyncApi } from '../../../src/gateway/asyncapi.ts';
import { createSocketCluster } from '../../../src/gateway/control/socket-cluster.ts';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import type { Dialect } from '../../../src/gateway/dialects/dialect.ts';
import { createGateway } from '../../../src/gateway/gateway.ts';
import type { GatewayOptions } from '../../../src/gateway/options.ts';
import { createLogFeed } from '../../../src/projections/engine/log-feed.ts';
import { createReadModels, startProjections } from '../../../src/projections/projections.ts';
import { createQueries } from '../../../src/projections/queries/create-queries.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import type { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { startAttachments } from '../../support/attachments.ts';
import { startOperations } from '../../support/operations.ts';
import { createDatabase, startNats } from '../../support/services.ts';
import { socketContract } from '../../support/socket-contract.ts';
import { until } from '../../support/until.ts';

const quiet = pino({ level: process.env.TEST_LOG ?? 'silent' });
const newId = () => randomUUID();

export interface Services {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export interface Node extends AsyncDisposable {
  readonly url: string;
  readonly actors: ReturnType<typeof createActorSystem>;
  readonly reader: ReturnType<typeof createEventReader>;
  readonly broker: Broker;
  readonly pool: pg.Pool;
  /** Undefined with an outside identity provider. */
  readonly credentials: Credentials | undefined;
  readonly nextTicketNumber: () => Promise<number>;
  closeGateway(): Promise<void>;
}

interface NodeOptions {
  /** The gateway's clock. */
  readonly now?: () => number;
  readonly gateway?: Partial<GatewayOptions>;
  readonly presence?: PresencePaces;
  readonly dialects?: readonly Dialect[];
  /** Puts something between the node and its broker. */
  readonly wrapBroker?: (broker: Broker) => Broker;
  readonly onRoute?: ApiDeps['onRoute'];
  readonly telemetry?: Telemetry;
  readonly log?: Logger;
}

export async function startServices(): Promise<Services & AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const owned = parts.move();
  return { databaseUrl: database.url, natsUrl: nats.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export async function startNode({ databaseUrl, natsUrl }: Services, options: NodeOptions = {}): Promise<Node> {
  await using parts = new AsyncDisposableStack();
  const { dialects = DIALECTS, log = quiet } = options;
  const database = { connectionString: databaseUrl };
  const pool = new pg.Pool({ ...database, max: 20 });
  pool.on('error', () => undefined);
  parts.defer(() => pool.end());
  const appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 10_000 });
  parts.defer(() => appender.close());
  const reader = createEventReader(pool);
  const connected = await connectBroker({ url: natsUrl, namespace: 'deskwire', name: 'test', log });
  parts.defer(() => connected.broker.close());
  const broker = options.wrapBroker?.(connected.broker) ?? connected.broker;
  appender.onCommitted(broker.live.deliver);
  const relay = createRelay({
    connection: connected.connection,
    signals: broker.signals,
    appender,
    reader,
    renewEpoch: (expected) => renewEpoch(pool, expected),
    openDedicatedConnection: () => openDedicatedConnection(database, 'test relay'),
    log,
  });
  parts.defer(() => relay.close());

  const common = { reader, snapshots: createSnapshotStore(pool), now: Date.now, log };
  const directory = createDirectory({ ...common, broker });
  parts.defer(() => directory.close());
  const deciders = { ticket: ticketDecider, user: userDecider, room: roomDecider, reference: referenceDecider };
  const contextOf = { ticket: ticketContextFrom(directory) };
  const actors = createActorSystem({ ...common, appender, newId, deciders, contextOf });
  parts.defer(() => actors.close());
  const auth = await createAuth({ pool, actors, directory, broker, log, now: Date.now, newId, limitAttempts: false });
  parts.defer(auth.close);
  await seedDemo({ actors, credentials: auth.own?.credentials });

  await createReadModels(database);
  const feed = createLogFeed({ appender, reader, broker, log });
  parts.defer(() => feed.close());
  const waiter = startProjections({ database, feed, signals: broker.signals, pool, log });
  parts.defer(() => waiter.close());
  const attachments = await startAttachments(pool, parts);
  const nextTicketNumber = createTicketNumbers(pool).next;
  const application = createApplication({
    actors,
    queries: createQueries({ pool }),
    directory,
    history: reader,
    attachments,
    nextTicketNumber,
    newId,
    waiter,
    lastPosition: () => appender.lastPosition,
  });
  const epoch = await watchEpoch({ reader, broker, every: 50, onError: () => undefined });
  parts.defer(() => epoch.close());
  const clock = () => performance.now();
  const cluster = createSocketCluster({
    ...{ self: newId(), dialects, broker, now: Date.now, clock, log },
    ...(options.presence && { paces: options.presence }),
  });
  parts.defer(() => cluster.close());
  const app = await createApi({
    application,
    waiter,
    auth,
    online: async (userIds) => cluster.presence.online(userIds),
    sockets: () => cluster.control,
    operations: startOperations({ databaseUrl: database.connectionString, pool, reader, broker }, parts),
    asyncApi: createAsyncApi(dialects, '1'),
    epoch: () => epoch.current,
    readiness: [],
    config: { corsOrigins: [] },
    log,
    ...(options.onRoute !== undefined && { onRoute: options.onRoute }),
  });
  const gateway = createGateway({
    httpServer: app.server,
    auth,
    application,
    reader,
    waiter,
    broker,
    epoch,
    presence: cluster.presence,
    attachmentUrl: attachments.urlFor,
    log,
    now: options.now ?? Date.now,
    dialects,
    options: { rate: 'off', admission: 'off', drainSpread: 0, ...options.gateway },
    ...(options.telemetry !== undefined && { telemetry: options.telemetry }),
  });
  await cluster.join(gateway);
  await app.listen({ host: '127.0.0.1', port: 0 });
  parts.defer(() => app.close());
  parts.defer(() => gateway.close());
  const { port } = app.server.address() as AddressInfo;
  const owned = parts.move();
  return {
    url: `http://127.0.0.1:${port}`,
    actors,
    reader,
    broker,
    pool,
    credentials: auth.own?.credentials,
    nextTicketNumber,
    closeGateway: () => gateway.close(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** One user, over HTTP and sockets, as a client of its own. */
export interface Client {
  readonly token: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as a client in JavaScript does
  send(method: string, path: string, body?: unknown): Promise<{ status: number; headers: Headers; body: any }>;
  connect(namespace?: string, options?: Partial<ManagerOptions & SocketOptions>): Listener;
}

export async function signIn(url: string, name: string): Promise<Client> {
  const credentials = { email: `${name}@example.com`, password: DEMO_PASSWORD };
  const { body } = await request(url, undefined, 'POST', '/api/v1/auth/login', credentials);
  const token: string = body.access_token;
  return {
    token,
    send: (method, path, payload) => request(url, token, method, path, payload),
    connect: (namespace = '/', options = {}) => listen(url + namespace, { auth: { token }, ...options }),
  };
}

async function request(url: string, token: string | undefined, method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
export type Heard = { readonly name: string; readonly payload: any };

/** A socket.io-client that remembers everything it was sent, in order. Disposing of it fails when anything was not as the tables say. */
export interface Listener extends Disposable {
  readonly socket: Socket;
  readonly heard: Heard[];
  /** The payloads of one event, in order. */
  // biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
  all(name: string): any[];
  /** The first payload of this event that fits, waiting for it. */
  // biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
  first(name: string, fits?: (payload: any) => boolean): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: acks are whatever the server sent
  ask(name: string, ...args: unknown[]): Promise<any>;
}

export function listen(url: string, options: Partial<ManagerOptions & SocketOptions>): Listener {
  const heard: Heard[] = [];
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnectionDelay: 50, ...options });
  const contract = socketContract(new URL(url).pathname);
  const breaches: string[] = [];
  const hold = (breach: string | undefined) => breach !== undefined && breaches.push(breach);
  socket.onAny((name: string, payload: unknown) => {
    heard.push({ name, payload });
    hold(contract.event(name, payload));
  });
  const all = (name: string) => heard.filter((one) => one.name === name).map(({ payload }) => payload);
  return {
    socket,
    heard,
    all,
    first: (name, fits = () => true) =>
      until(() => all(name).find(fits), `${name} (heard: ${heard.map((one) => one.name).join(', ')})`),
    async ask(name, ...args) {
      const answer = await socket.timeout(10_000).emitWithAck(name, ...args);
      hold(contract.ack(name, answer));
      return answer;
    },
    [Symbol.dispose]() {
      socket.disconnect();
      if (breaches.length > 0) throw new Error(breaches.join('\n'));
    },
  };
}

export async function openTicket(client: Client, body: object = {}): Promise<{ id: string; number: number }> {
  const answer = await client.send('POST', '/api/v1/support', { description: 'Battery swap failed', ...body });
  if (answer.status !== 201)
    throw new Error(`opening a ticket answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return { id: answer.body.id, number: answer.body.support_id };
}

export async function post(client: Client, ticketId: string, message: string, internal = false): Promise<number> {
  const answer = await client.send('POST', `/api/tickets/${ticketId}/chat`, { message, internal });
  if (answer.status !== 201) throw new Error(`posting answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body.version;
}
