/**
 * The gateway: Socket.IO for every kind of client, over websocket and long-polling. It authenticates sockets, brings each
 * to where its tickets and inbox stand, and then sends it what happens there for as long as it may see it.
 *
 * Socket.IO's own connection state recovery stays off: it skips authorization and loses events; replay is ours.
 */
import type { Server as HttpServer } from 'node:http';
import { compile } from '@fastify/proxy-addr';
import type { Logger } from 'pino';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import type { Application } from '../application/application.ts';
import type { Auth } from '../auth/auth.ts';
import type { Broker } from '../broker/port.ts';
import type { Presence } from '../cluster/presence/presence.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { EpochWatch } from '../eventlog/epoch-watch.ts';
import type { EventReader } from '../eventlog/event-log.ts';
import type { ProjectionWaiter } from '../projections/queries/queries.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { admitAtRate } from './connection/admission.ts';
import type { Session } from './connection/client.ts';
import { createSessions } from './connection/clients.ts';
import { createConnections } from './connection/connections.ts';
import { createDispatch } from './connection/dispatch.ts';
import { drain } from './connection/drain.ts';
import { createOutbound } from './connection/outbound.ts';
import { createRateLimit } from './connection/rate-limit.ts';
import { createReplays } from './connection/replays.ts';
import { createLocalControl, type LocalControl } from './control/local-control.ts';
import { createClients } from './delivery/client-announcements.ts';
import { createStreams } from './delivery/delivery.ts';
import { createRooms } from './delivery/rooms.ts';
import { DIALECTS } from './dialects/all.ts';
import { catalogOf } from './dialects/catalog.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { InboxArrival, InboxFeed } from './inbox/live-inbox.ts';
import { defaultOptions, type GatewayOptions } from './options.ts';
import type { Toolbox } from './toolbox.ts';
import { type AttachmentUrl, createMessageWire } from './wire.ts';

/** What the gateway has of being one of several workers of a host (`host-worker.ts`). */
export interface HostWorker {
  readonly adapter: NonNullable<ServerOptions['adapter']>;
  /** A new id for a transport session, by which its later requests find this worker again. */
  readonly newSessionId: () => string;
}

export interface GatewayParts {
  readonly httpServer: HttpServer;
  readonly auth: Pick<Auth, 'authenticate' | 'onSessionRevoked'>;
  readonly application: Application;
  readonly reader: EventReader;
  readonly waiter: ProjectionWaiter;
  readonly broker: Broker;
  readonly epoch: Pick<EpochWatch, 'current' | 'onChanged'>;
  readonly presence: Pick<Presence, 'enter' | 'leave' | 'follow'>;
  readonly attachmentUrl: AttachmentUrl;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Instead of all that there are. */
  readonly dialects?: readonly Dialect[];
  readonly options?: Partial<GatewayOptions>;
  readonly telemetry?: Telemetry;
  readonly worker?: HostWorker;
}

export interface Gateway {
  /** Of the sockets of this process. */
  readonly control: LocalControl;
  /** Authenticated sockets by namespace. */
  sockets(): ReadonlyMap<string, number>;
  /** Rooms with sockets in them by namespace, each socket's own left out. */
  rooms(): ReadonlyMap<string, number>;
  /** Bytes that wait on the connection with the most. */
  outbound(): number;
  /** Tells clients when to come back, disconnects them, and ends everything that the gateway listens to. */
  close(): Promise<void>;
}

/** The HTTP server stays its owner's to close. */
export function createGateway(parts: GatewayParts): Gateway {
  const { application, broker, epoch, presence, log, now, dialects = DIALECTS } = parts;
  const catalog = catalogOf(dialects);
  const { metrics } = parts.telemetry ?? noTelemetry;
  const options: GatewayOptions = { ...defaultOptions, ...parts.options };
  const onError = (error: unknown) => log.warn({ err: error }, 'gateway');
  const io = createServer(parts.httpServer, options, parts.worker);
  const rooms = createRooms(io);
  const sessions = createSessions();
  const outbound = createOutbound({ engine: io.engine, limit: options.outboundLimit, onSlow });
  const replays = createReplays({ outbound, limits: options.replays, onRefused: () => metrics.refused('replays') });
  if (options.admission !== 'off') {
    admitAtRate({ engine: io.engine, rate: options.admission, now, onRefused: () => metrics.refused('connections') });
  }
  const messageWireFor = createMessageWire(parts.attachmentUrl);

  const streams = createStreams({
    ...parts,
    options,
    dialects,
    rooms,
    sessions,
    replays,
    messageWireFor,
    onError,
  });
  const { memberships, inboxes, typing, ticketChanges } = streams;
  const clients = createClients({ dialects, signals: broker.signals, rooms, now, onError });
  const inboxOf = new WeakMap<Session, InboxFeed>();

  const tools: Toolbox = {
    ...{ application, waiter: parts.waiter, memberships, replays, typing, ticketChanges, clients, messageWireFor, now },
    historySize: options.historySize,
    epoch: () => epoch.current,
    inboxOf(session) {
      const inbox = inboxOf.get(session);
      if (inbox === undefined) throw new DeskwireError('unavailable', 'The inbox is not there yet', { retryAfter: 1 });
      return inbox;
    },
    refreshToken: ({ session }, token) => connections.refresh(session, token),
  };
  const dispatch = createDispatch({
    requestsOf: (namespace) => catalog.get(namespace)?.requests ?? new Map(),
    tools,
    limits: limitsOf(options, now),
    options,
    newId: application.newId,
    log,
  });
  const connections = createConnections({
    authenticate: parts.auth.authenticate,
    directory: application.directory,
    sessions,
    socketsPerUser: options.socketsPerUser,
    trusted: compile([...options.trustProxy]),
    now,
    log,
    prepare: (user) => inboxes.prepare(user),
    endReason: (socket) => (outbound.wasCut(socket) ? 'slow_consumer' : undefined),
    onOpened(session, { lastSeq }) {
      outbound.add(session.socket);
      dispatch.attach(session);
      const spoken = catalog.get(session.namespace)?.dialects ?? [];
      session.socket.emit('connected', greetingFor(session.user, spoken));
      clients.opened(session);
      presence.enter('online', { id: session.user.id, name: session.user.name });
      const inbox = inboxes.acquire(session.user);
      inboxOf.set(session, inbox);
      // Also where no dialect shows it: unread counts and alerts come by it.
      inbox.opened.catch((error: unknown) => lostInbox(session, error));
      for (const dialect of spoken) {
        if (dialect.inbox?.onConnect !== true) continue;
        const welcome = (arrival: InboxArrival) => {
          const broken = arrival.broken === undefined ? undefined : dialect.inbox?.broken?.(arrival);
          for (const { name, payload } of broken === undefined ? arrival.wires : [broken, ...arrival.wires]) {
            session.socket.emit(name, payload);
          }
        };
        replays
          .run(session.socket, () => inbox.join(session, dialect, { after: lastSeq }, welcome))
          .catch((error: unknown) => lostInbox(session, error));
      }
    },
    onError,
    onRefused: (reason) => metrics.authenticationFailed('socket', reason),
    onClosed(session) {
      for (const { stream } of session.members.values()) {
        if (stream.kind === 'ticket') typing.stop(stream.id, session.user.id);
      }
      memberships.leaveAll(session);
      clients.closed(session);
      presence.leave('online', session.user.id);
      const inbox = inboxOf.get(session);
      if (inbox !== undefined) inboxes.release(inbox);
    },
    onUserChanged(user) {
      inboxes.userChanged(user);
      for (const session of sessions.ofUser(user.id)) {
        clients.userChanged(session);
        for (const { stream } of [...session.members.values()]) stream.checkAccess(user.id);
      }
    },
  });

  /** Without its inbox a socket would look alive and hear nothing: it is to come back and try again. */
  function lostInbox({ socket, user, leaving }: Session, error: unknown): void {
    if (leaving.aborted) return;
    log.error({ socket: socket.id, user: user.id, err: error }, 'inbox could not be joined');
    socket.conn.close();
  }

  /** Comes back by itself, with its cursors, and is replayed what it did not take. */
  function onSlow(sockets: Iterable<Socket>, bytes: number): void {
    for (const { id, nsp } of sockets) {
      const user = sessions.ofSocket(id)?.user.id;
      log.warn({ socket: id, user, namespace: nsp.name, bytes, reason: 'slow_consumer' }, 'socket cut off');
      metrics.slowConsumer(nsp.name);
    }
  }

  /** Another history: every cursor is void. Clients come back, show their epoch, and load afresh. */
  function onChanged(): void {
    log.warn('the log has a new epoch: disconnecting every socket');
    for (const { socket } of sessions) socket.conn.close();
    streams.reset();
  }

  const stopDirectory = application.directory.onChanged(({ kind, id }) => {
    if (kind === 'reference') streams.live.checkReferences();
    else void connections.userChanged(id);
  });
  const stopEpoch = epoch.onChanged(onChanged);
  const stopRevoked = parts.auth.onSessionRevoked(connections.sessionRevoked);
  const namespaces = [...catalog.keys()];
  for (const namespace of namespaces) connections.serve(io.of(namespace));

  const review = setInterval(connections.review, options.userCheckEvery).unref();
  const stopReconnected = broker.onReconnected(connections.review);

  return {
    sockets() {
      const counts = new Map(namespaces.map((namespace) => [namespace, 0]));
      for (const { namespace } of sessions) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
      return counts;
    },
    rooms: () =>
      new Map(namespaces.map((name) => [name, io.of(name).adapter.rooms.size - io.of(name).adapter.sids.size])),
    outbound: () => outbound.longest,
    control: createLocalControl({ dialects, sessions, rooms, now }),
    async close() {
      clearInterval(review);
      stopReconnected();
      await drain(io, sessions, options.drainSpread);
      outbound.close();
      stopDirectory();
      stopRevoked();
      stopEpoch();
      clients.close();
      streams.close();
    },
  };
}

/** Of the first dialect that has one of its own. */
function greetingFor(user: UserFacts, spoken: readonly Dialect[]): object {
  const greeting = spoken.find((dialect) => dialect.greeting !== undefined)?.greeting?.(user);
  return greeting ?? { message: 'Successfully connected', userId: user.id, role: user.role, name: user.name };
}

function createServer(
  httpServer: HttpServer,
  { maxFrameBytes, corsOrigins }: GatewayOptions,
  worker: HostWorker | undefined,
): Server {
  const io = new Server(httpServer, {
    transports: ['polling', 'websocket'],
    maxHttpBufferSize: maxFrameBytes,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    cors: { origin: corsOrigins.includes('*') ? '*' : [...corsOrigins] },
    ...(worker && { adapter: worker.adapter }),
  });
  if (worker) io.engine.generateId = worker.newSessionId;
  return io;
}

function limitsOf({ rate }: GatewayOptions, now: () => number) {
  return rate === 'off'
    ? undefined
    : { socket: createRateLimit(rate.socket, now), user: createRateLimit(rate.user, now) };
}
