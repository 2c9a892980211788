/**
 * The gateway: Socket.IO for every kind of client, over websocket and long-polling. It authenticates sockets, replays
 * the events that a client missed in its tickets, its rooms and its inbox, and then sends live events for as long as
 * the user has access. This file creates the parts of the gateway and connects them.
 *
 * Socket.IO's own connection state recovery is off: it skips authorization and loses events.
 */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import type { Logger } from 'pino';
import type { Socket } from 'socket.io';
import type { Application } from '../application/application.ts';
import type { ProjectionWaiter } from '../application/views.ts';
import type { Auth } from '../auth/auth.ts';
import type { Broker } from '../broker/port.ts';
import type { Presence } from '../cluster/presence/presence.ts';
import type { EpochWatch } from '../eventlog/epoch-watch.ts';
import type { EventReader } from '../eventlog/event-log.ts';
import { networkOf } from '../support/address.ts';
import { createOrigins } from '../support/origins.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { createClientLifecycle } from './client-lifecycle.ts';
import { addressOf } from './connection/address.ts';
import { admitAtRate } from './connection/admission.ts';
import { createClients } from './connection/clients.ts';
import { createConnections } from './connection/connections.ts';
import { createDispatch } from './connection/dispatch.ts';
import { drain } from './connection/drain.ts';
import { createOutbound } from './connection/outbound.ts';
import { createRateLimit } from './connection/rate-limit.ts';
import { createReplays } from './connection/replays.ts';
import { createServer, type HostWorker } from './connection/server.ts';
import { watchUnauthenticated } from './connection/unauthenticated.ts';
import { createLocalControl, type LocalControl } from './control/local-control.ts';
import { createClientAnnouncements } from './delivery/client-announcements.ts';
import { createDelivery } from './delivery/delivery.ts';
import { createSocketRooms } from './delivery/socket-rooms.ts';
import { subscriptionOptionsOf } from './delivery/subscription-options.ts';
import { createDialectContexts } from './dialect-context.ts';
import { DIALECTS } from './dialects/all.ts';
import { catalogOf } from './dialects/catalog.ts';
import type { Dialect } from './dialects/dialect.ts';
import { createInboxes } from './inbox/inboxes.ts';
import { defaultOptions, type GatewayOptions } from './options.ts';
import { type AttachmentUrl, createMessageWire } from './wire.ts';

export interface GatewayDeps {
  readonly httpServer: HttpServer;
  readonly auth: Pick<Auth, 'authenticate' | 'onSessionRevoked'>;
  readonly application: Application;
  readonly reader: EventReader;
  readonly waiter: ProjectionWaiter;
  readonly broker: Broker;
  readonly epoch: Pick<EpochWatch, 'current' | 'onChanged'>;
  readonly presence: Pick<Presence, 'enter' | 'leave' | 'follow'>;
  readonly attachmentUrl: AttachmentUrl;
  /** Called for each TCP connection that carries an authenticated socket. */
  readonly onSignedIn: (connection: TcpSocket) => void;
  /** A page of this origin may not connect. */
  readonly onOriginRefused: (origin: string) => void;
  readonly log: Logger;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** All dialects when absent. */
  readonly dialects?: readonly Dialect[];
  readonly options?: Partial<GatewayOptions>;
  readonly telemetry?: Telemetry;
  readonly worker?: HostWorker;
}

export interface Gateway {
  /** Controls the sockets of this process. */
  readonly control: LocalControl;
  /** The number of authenticated sockets, by namespace. */
  sockets(): ReadonlyMap<string, number>;
  /** The number of Socket.IO rooms with sockets, by namespace, without the room that each socket has of its own. */
  rooms(): ReadonlyMap<string, number>;
  /** The number of bytes that wait for the connection with the largest backlog. */
  outbound(): number;
  /** Sends clients the time to come back, disconnects them, and ends the gateway's subscriptions. */
  close(): Promise<void>;
}

/** Does not close the HTTP server: its owner does. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { application, waiter, broker, epoch, presence, log, now, dialects = DIALECTS, telemetry = noTelemetry } = deps;
  const catalog = catalogOf(dialects);
  const { metrics } = telemetry;
  const options: GatewayOptions = { ...defaultOptions, ...deps.options };
  const onError = (error: unknown) => log.warn({ err: error }, 'a background task of the gateway failed');
  const origins = createOrigins(options.corsOrigins);
  const io = createServer(deps.httpServer, options, origins, catalog.keys(), deps.worker);
  const rooms = createSocketRooms(io);
  const clients = createClients();
  const outbound = createOutbound({ engine: io.engine, limit: options.outboundLimit, onSlow });
  const trusted = compile([...options.trustProxy]);
  const networkFrom = (request: IncomingMessage) => networkOf(addressOf(request, trusted) ?? '');
  const unauthenticated = watchUnauthenticated({
    engine: io.engine,
    limits: options.unauthenticated,
    fullFrameBytes: options.maxFrameBytes,
    networkOf: ({ request }) => networkFrom(request),
    onTrusted: deps.onSignedIn,
  });
  if (options.admission !== 'off') {
    admitAtRate({
      engine: io.engine,
      rate: options.admission,
      unauthenticated,
      most: options.unauthenticated.most,
      networkOf: networkFrom,
      now,
      onRefused: () => metrics.refused('connections'),
    });
  }
  const replays = createReplays({ outbound, limits: options.replays, onRefused: () => metrics.refused('replays') });
  const messageWireFor = createMessageWire(deps.attachmentUrl);
  const subscriptionOptions = subscriptionOptionsOf(options, telemetry, onError);
  const currentEpoch = () => epoch.current;
  const delivery = createDelivery({
    ...deps,
    options,
    dialects,
    rooms,
    clients,
    replays,
    messageWireFor,
    subscriptionOptions,
    onError,
    epoch: currentEpoch,
  });
  const { memberships, typing, ticketChanges } = delivery;
  const inboxes = createInboxes(
    {
      broker,
      rooms,
      now,
      onError,
      signals: broker.signals,
      application,
      replayLimit: options.replayLimit,
      dialects: dialects.filter(({ inbox }) => inbox !== undefined),
      onDelivered: delivery.notified,
    },
    // Nothing is replayed from memory: a notification may have left the inbox since it was delivered.
    { ...subscriptionOptions('inbox'), ringSize: 0 },
    { linger: options.linger, checkEvery: options.inboxCheckEvery },
  );
  const announcements = createClientAnnouncements({ dialects, signals: broker.signals, rooms, now, onError });
  const lifecycle = createClientLifecycle({
    catalog,
    clients,
    outbound,
    replays,
    announcements,
    presence,
    inboxes,
    memberships,
    typing,
    log,
    epoch: currentEpoch,
    end: (client, error) => connections.end(client, error),
  });
  const dispatch = createDispatch({
    requestsOf: (namespace) => catalog.get(namespace)?.requests ?? new Map(),
    contextFor: createDialectContexts({
      application,
      waiter,
      memberships,
      replays,
      typing,
      ticketChanges,
      announcements,
      messageWireFor,
      now,
      historySize: options.historySize,
      epoch: currentEpoch,
      inboxOf: lifecycle.inboxOf,
      refreshToken: (client, token) => connections.refresh(client, token),
    }),
    limits: limitsOf(options, now),
    options,
    newId: application.newId,
    log,
    endConnection: (client, error) => connections.endConnection(client, error),
  });
  const connections = createConnections({
    authenticate: deps.auth.authenticate,
    directory: application.directory,
    clients,
    handshakeOf: (namespace) => catalog.get(namespace)?.handshake,
    socketsPerUser: options.socketsPerUser,
    trusted,
    unauthenticated,
    origins,
    onOriginRefused: deps.onOriginRefused,
    now,
    log,
    prepare: (user) => inboxes.prepare(user),
    endReason: (socket) => (outbound.wasCut(socket) ? 'slow_consumer' : undefined),
    onOpened: (client, handshake) => lifecycle.opened(client, dispatch, handshake),
    onClosed: lifecycle.closed,
    onUserChanged: lifecycle.userChanged,
    onError,
    onRefused: (reason) => metrics.authenticationFailed('socket', reason),
  });

  /** Reports the sockets of a connection that was cut off. Their clients come back and get a replay. */
  function onSlow(sockets: Iterable<Socket>, bytes: number): void {
    for (const { id, nsp } of sockets) {
      const user = clients.ofSocket(id)?.user.id;
      log.warn({ socket: id, user, namespace: nsp.name, bytes, reason: 'slow_consumer' }, 'socket cut off');
      metrics.slowConsumer(nsp.name);
    }
  }

  /**
   * The history of the log was replaced, so all cursors are void. Clients come back with their old epoch and load
   * afresh.
   */
  function onEpochChanged(): void {
    log.warn('the log has a new epoch: disconnecting every socket');
    for (const { socket } of clients) socket.conn.close();
    delivery.reset();
    inboxes.reset();
  }

  const stopDirectory = application.directory.onChanged(({ kind, id }) => {
    if (kind === 'reference') delivery.live.checkReferences();
    else void connections.userChanged(id);
  });
  const stopEpoch = epoch.onChanged(onEpochChanged);
  const stopRevoked = deps.auth.onSessionRevoked(connections.sessionRevoked);
  const namespaces = [...catalog.keys()];
  for (const namespace of namespaces) connections.serve(io.of(namespace));

  const review = setInterval(connections.review, options.userCheckEvery).unref();
  const stopReconnected = broker.onReconnected(connections.review);

  return {
    sockets() {
      const counts = new Map(namespaces.map((namespace) => [namespace, 0]));
      for (const { namespace } of clients) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
      return counts;
    },
    rooms: () =>
      new Map(namespaces.map((name) => [name, io.of(name).adapter.rooms.size - io.of(name).adapter.sids.size])),
    outbound: () => outbound.longest,
    control: createLocalControl({ dialects, clients, rooms, now, end: connections.end }),
    async close() {
      clearInterval(review);
      stopReconnected();
      await drain(io, clients, options.drainSpread);
      outbound.close();
      unauthenticated.close();
      stopDirectory();
      stopRevoked();
      stopEpoch();
      announcements.close();
      delivery.close();
      inboxes.close();
    },
  };
}

function limitsOf({ rate }: GatewayOptions, now: () => number) {
  return rate === 'off'
    ? undefined
    : {
        socket: createRateLimit(rate.socket, now),
        user: createRateLimit(rate.user, now),
        refusals: createRateLimit(rate.refusals, now),
      };
}
