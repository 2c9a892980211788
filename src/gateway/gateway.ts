/**
 * The gateway: Socket.IO for every kind of client, over websocket and long-polling. It authenticates sockets, replays
 * the events that a client missed in its tickets, its rooms and its inbox, and then sends live events for as long as
 * the user has access. This file creates the parts of the gateway and connects them.
 *
 * Socket.IO's own connection state recovery is off: it skips authorization and loses events.
 */
import type { Server as HttpServer } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Logger } from 'pino';
import type { Socket } from 'socket.io';
import type { Application } from '../application/application.ts';
import type { Auth } from '../auth/auth.ts';
import type { Broker } from '../broker/port.ts';
import type { Presence } from '../cluster/presence/presence.ts';
import { createNames } from '../directory/names.ts';
import type { EpochWatch } from '../eventlog/epoch-watch.ts';
import type { EventReader } from '../eventlog/event-log.ts';
import { createOrigins } from '../support/origins.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { createClientHandling } from './client-handling.ts';
import { createConnectionBounds } from './connection/bounds.ts';
import { createClients } from './connection/clients.ts';
import { drain } from './connection/drain.ts';
import { createReplays } from './connection/replays.ts';
import { createServer, type HostWorker } from './connection/server.ts';
import { createLocalControl, type LocalControl } from './control/local-control.ts';
import { createClientAnnouncements } from './delivery/client-announcements.ts';
import { createDelivery } from './delivery/delivery.ts';
import { createSocketRooms } from './delivery/socket-rooms.ts';
import { subscriptionOptionsOf } from './delivery/subscription-options.ts';
import { DIALECTS } from './dialects/all.ts';
import { catalogOf } from './dialects/catalog.ts';
import type { Dialect } from './dialects/dialect.ts';
import { createInboxes } from './inbox/inboxes.ts';
import { defaultOptions, type GatewayOptions } from './options.ts';
import { type AttachmentUrl, createMessageWire } from './wire.ts';

export interface GatewayDeps {
  readonly httpServer: HttpServer;
  readonly auth: Pick<Auth, 'authenticate' | 'onSessionRevoked' | 'onKeyRemoved'>;
  readonly application: Application;
  readonly reader: EventReader;
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
  const { application, broker, epoch, log, now, dialects = DIALECTS, telemetry = noTelemetry } = deps;
  const catalog = catalogOf(dialects);
  const { metrics } = telemetry;
  const options: GatewayOptions = { ...defaultOptions, ...deps.options };
  const onError = (error: unknown) => log.warn({ err: error }, 'a background task of the gateway failed');
  const origins = createOrigins(options.corsOrigins);
  const io = createServer(deps.httpServer, options, origins, catalog.keys(), deps.worker);
  const rooms = createSocketRooms(io);
  const clients = createClients();
  const bounds = createConnectionBounds({
    engine: io.engine,
    options,
    metrics,
    now,
    onSlow,
    onSignedIn: deps.onSignedIn,
  });
  const { outbound } = bounds;
  const replays = createReplays({ outbound, limits: options.replays, onRefused: () => metrics.refused('replays') });
  const names = createNames(application.directory);
  const messageWireFor = createMessageWire(deps.attachmentUrl, names);
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
    names,
    subscriptionOptions,
    onError,
    epoch: currentEpoch,
  });
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
  const connections = createClientHandling({
    auth: deps.auth,
    application,
    catalog,
    options,
    origins,
    onOriginRefused: deps.onOriginRefused,
    clients,
    bounds,
    replays,
    delivery,
    inboxes,
    announcements,
    presence: deps.presence,
    messageWireFor,
    metrics,
    log,
    now,
    epoch: currentEpoch,
    onError,
  });
  const namespaces = [...catalog.keys()];
  for (const namespace of namespaces) connections.serve(io.of(namespace));
  const changes = followChanges();
  const reviews = reviewUsers();

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

  /** Applies changes of users, references, sessions, signing keys and the log's epoch to the clients. */
  function followChanges(): DisposableStack {
    const stack = new DisposableStack();
    const stopDirectory = application.directory.onChanged(({ kind, id }) => {
      if (kind === 'reference') delivery.live.checkReferences();
      else void connections.userChanged(id);
    });
    stack.defer(stopDirectory);
    stack.defer(epoch.onChanged(onEpochChanged));
    stack.defer(deps.auth.onSessionRevoked(connections.sessionRevoked));
    stack.defer(deps.auth.onKeyRemoved(connections.review));
    return stack;
  }

  /** Looks all users up again from time to time, because a change may have been missed while the broker was away. */
  function reviewUsers(): DisposableStack {
    const stack = new DisposableStack();
    const timer = setInterval(connections.review, options.userCheckEvery).unref();
    stack.defer(() => clearInterval(timer));
    stack.defer(broker.onReconnected(connections.review));
    return stack;
  }

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
      reviews.dispose();
      await drain(io, clients, options.drainSpread);
      bounds.close();
      changes.dispose();
      announcements.close();
      delivery.close();
      inboxes.close();
    },
  };
}
