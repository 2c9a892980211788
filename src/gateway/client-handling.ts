/** Connects the parts that handle a client: its connection, its life cycle, and the dispatch of its requests. */
import type { Logger } from 'pino';
import type { Application } from '../application/application.ts';
import type { Auth } from '../auth/auth.ts';
import type { Presence } from '../cluster/presence/presence.ts';
import type { Origins } from '../support/origins.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createClientLifecycle } from './client-lifecycle.ts';
import type { ConnectionBounds } from './connection/bounds.ts';
import type { Clients } from './connection/clients.ts';
import { type Connections, createConnections } from './connection/connections.ts';
import { createDispatch } from './connection/dispatch.ts';
import { createRateLimit } from './connection/rate-limit.ts';
import type { Replays } from './connection/replays.ts';
import type { ClientAnnouncements } from './delivery/client-announcements.ts';
import type { Delivery } from './delivery/delivery.ts';
import { createDialectContexts } from './dialect-context.ts';
import type { NamespaceCatalog } from './dialects/catalog.ts';
import type { Inboxes } from './inbox/inboxes.ts';
import type { GatewayOptions } from './options.ts';
import type { MessageWireFor } from './wire.ts';

interface ClientHandlingDeps {
  readonly auth: Pick<Auth, 'authenticate'>;
  readonly application: Application;
  readonly catalog: ReadonlyMap<string, NamespaceCatalog>;
  readonly options: GatewayOptions;
  readonly origins: Origins;
  readonly onOriginRefused: (origin: string) => void;
  readonly clients: Clients;
  readonly bounds: ConnectionBounds;
  readonly replays: Replays;
  readonly delivery: Delivery;
  readonly inboxes: Inboxes;
  readonly announcements: ClientAnnouncements;
  readonly presence: Pick<Presence, 'enter' | 'leave'>;
  readonly messageWireFor: MessageWireFor;
  readonly metrics: Pick<Metrics, 'authenticationFailed'>;
  readonly log: Logger;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** The epoch of the log. */
  epoch(): string;
  onError(error: unknown): void;
}

export function createClientHandling(deps: ClientHandlingDeps): Connections {
  const { application, catalog, options, clients, bounds, replays, inboxes, announcements, log, now } = deps;
  const { memberships, typing, ticketChanges } = deps.delivery;
  const lifecycle = createClientLifecycle({
    catalog,
    clients,
    outbound: bounds.outbound,
    replays,
    announcements,
    presence: deps.presence,
    inboxes,
    memberships,
    typing,
    log,
    epoch: deps.epoch,
    end: (client, error) => connections.end(client, error),
  });
  const dispatch = createDispatch({
    requestsOf: (namespace) => catalog.get(namespace)?.requests ?? new Map(),
    contextFor: createDialectContexts({
      application,
      memberships,
      replays,
      typing,
      ticketChanges,
      announcements,
      messageWireFor: deps.messageWireFor,
      now,
      historySize: options.historySize,
      epoch: deps.epoch,
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
    trusted: bounds.trusted,
    unauthenticated: bounds.unauthenticated,
    origins: deps.origins,
    onOriginRefused: deps.onOriginRefused,
    now,
    log,
    prepare: (user) => inboxes.prepare(user),
    endReason: (socket) => (bounds.outbound.wasCut(socket) ? 'slow_consumer' : undefined),
    onOpened: (client, handshake) => lifecycle.opened(client, dispatch, handshake),
    onClosed: lifecycle.closed,
    onUserChanged: lifecycle.userChanged,
    onError: deps.onError,
    onRefused: (reason) => deps.metrics.authenticationFailed('socket', reason),
  });
  return connections;
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
