/** A whole node on real parts: PostgreSQL, nats-server, the relay, the API and the gateway, on one port. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { type Logger, pino } from 'pino';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import { createTicketNumbers } from '../../../src/actors/ticket-numbers.ts';
import type { ApiDeps } from '../../../src/api/api.ts';
import { type AuthDeps, createAuth } from '../../../src/auth/auth.ts';
import type { Credentials } from '../../../src/auth/credentials.ts';
import { connectBroker } from '../../../src/broker/connection.ts';
import type { Broker } from '../../../src/broker/port.ts';
import type { PresencePaces } from '../../../src/cluster/presence/presence.ts';
import { watchClusterKeys } from '../../../src/eventlog/cluster-keys.ts';
import type { EventReader } from '../../../src/eventlog/event-log.ts';
import type { Dialect } from '../../../src/gateway/dialects/dialect.ts';
import type { GatewayOptions } from '../../../src/gateway/options.ts';
import { createReadModels } from '../../../src/projections/projections.ts';
import { startActors } from '../../../src/runtime/actors.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { type EdgeOptions, startEdge } from '../../../src/runtime/edge.ts';
import { startLog } from '../../../src/runtime/log.ts';
import { startReadSide } from '../../../src/runtime/read-side.ts';
import { createShutdown } from '../../../src/runtime/shutdown.ts';
import type { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { noTelemetry } from '../../../src/telemetry/telemetry.ts';
import { createTexts } from '../../../src/texts/texts.ts';
import { startAttachments } from '../../support/attachments.ts';
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
  readonly actors: ActorSystem;
  readonly reader: EventReader;
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
  readonly api?: Partial<ApiDeps['config']>;
  readonly presencePaces?: PresencePaces;
  readonly dialects?: readonly Dialect[];
  /** Puts something between the node and its broker. */
  readonly wrapBroker?: (broker: Broker) => Broker;
  readonly onRoute?: ApiDeps['onRoute'];
  readonly telemetry?: Telemetry;
  readonly logger?: Logger;
  readonly quotas?: EdgeOptions['quotas'];
  readonly auth?: Partial<AuthDeps>;
}

export async function startServices(): Promise<Services & AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await createDatabase());
  const nats = parts.use(await startNats());
  const owned = parts.move();
  return { databaseUrl: database.url, natsUrl: nats.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export async function startNode({ databaseUrl, natsUrl }: Services, options: NodeOptions = {}): Promise<Node> {
  await using stack = new AsyncDisposableStack();
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
  pool.on('error', () => undefined);
  stack.defer(() => pool.end());
  const shutdown = stack.use(createShutdown());
  const { logger = quiet, telemetry = noTelemetry } = options;
  const keys = await watchClusterKeys({
    pool,
    onError: (error) => logger.warn({ err: error }, 'the keys cannot be read'),
  });
  shutdown.defer('cluster keys', () => keys.close());
  const connected = await connectBroker({
    url: natsUrl,
    namespace: 'deskwire',
    keys,
    name: 'test',
    log: logger,
  });
  shutdown.defer('broker', () => connected.broker.close());
  const broker = options.wrapBroker?.(connected.broker) ?? connected.broker;
  const common = { connection: connected.connection, databaseUrl, pool, telemetry, logger };
  const log = await startLog({ ...common, broker, relay: true, epochCheckEvery: 50 }, shutdown);
  await createReadModels({ connectionString: databaseUrl });
  const reads = startReadSide(log, true, shutdown);
  const actors = await startActors(log, newId, shutdown);
  const auth = await createAuth({
    pool,
    actors: actors.actors,
    directory: actors.directory,
    broker,
    log: logger,
    now: Date.now,
    newId,
    limitAttempts: false,
    ...options.auth,
  });
  shutdown.defer('authentication', auth.close);
  await seedDemo({ actors: actors.actors, credentials: auth.own?.credentials });
  const attachments = await startAttachments(pool, stack);
  const { now, onRoute, dialects, presencePaces } = options;
  const { app, gateway } = await startEdge(
    {
      log,
      actors,
      reads,
      auth,
      attachments,
      texts: createTexts(),
      newId,
      api: { readiness: [], config: { corsOrigins: [], ...options.api }, ...(onRoute && { onRoute }) },
      gateway: {
        options: { rate: 'off', admission: 'off', drainSpread: 0, ...options.gateway },
        ...(now && { now }),
      },
      ...(dialects && { dialects }),
      ...(presencePaces && { presencePaces }),
      ...(options.quotas && { quotas: options.quotas }),
    },
    shutdown,
  );
  await actors.join();
  shutdown.defer('placement', () => actors.leave());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${port}`,
    actors: actors.actors,
    reader: log.reader,
    broker,
    pool,
    credentials: auth.own?.credentials,
    nextTicketNumber: createTicketNumbers(pool).next,
    closeGateway: async () => gateway?.close(),
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

export async function signIn(url: string, name: string, password = DEMO_PASSWORD): Promise<Client> {
  const credentials = { email: `${name}@example.com`, password };
  const { status, body } = await request(url, undefined, 'POST', '/api/v1/auth/login', credentials);
  if (status !== 200) throw new Error(`${name} could not sign in: ${status} ${body?.detail}`);
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

/**
 * A socket.io-client that remembers everything it was sent, in order. Disposing of it fails when anything was not as
 * the tables say.
 */
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
