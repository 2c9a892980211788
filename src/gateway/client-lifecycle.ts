/** The steps that follow when a client connects or disconnects, or when its user changes. */
import type { Logger } from 'pino';
import { isOtherEpoch } from '../application/view-epoch.ts';
import type { Presence } from '../cluster/presence/presence.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Client } from './connection/client.ts';
import type { Clients } from './connection/clients.ts';
import type { Dispatch } from './connection/dispatch.ts';
import type { Outbound } from './connection/outbound.ts';
import type { Replays } from './connection/replays.ts';
import type { ClientAnnouncements } from './delivery/client-announcements.ts';
import type { Memberships } from './delivery/memberships.ts';
import type { Typing } from './delivery/typing.ts';
import type { Handshake, NamespaceCatalog } from './dialects/catalog.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { InboxArrival } from './dialects/joining.ts';
import type { Inboxes } from './inbox/inboxes.ts';
import type { LiveInbox } from './inbox/live-inbox.ts';

export interface ClientLifecycle {
  opened(client: Client, dispatch: Dispatch, handshake: Handshake): void;
  closed(client: Client): void;
  /** Checks what the clients of a changed user may still receive. */
  userChanged(user: UserFacts): void;
  /** Throws `unavailable` while the client has no inbox. */
  inboxOf(client: Client): LiveInbox;
}

interface ClientLifecycleDeps {
  readonly catalog: ReadonlyMap<string, NamespaceCatalog>;
  readonly clients: Clients;
  readonly outbound: Outbound;
  readonly replays: Replays;
  readonly announcements: ClientAnnouncements;
  readonly presence: Pick<Presence, 'enter' | 'leave'>;
  readonly inboxes: Inboxes;
  readonly memberships: Memberships;
  readonly typing: Typing;
  readonly log: Logger;
  /** The epoch of the log. */
  epoch(): string;
  /** Sends the client the error, then ends it. */
  end(client: Client, error: DeskwireError): void;
}

export function createClientLifecycle(deps: ClientLifecycleDeps): ClientLifecycle {
  const { catalog, clients, announcements, presence, inboxes, memberships, typing, log } = deps;
  const inboxOf = new WeakMap<Client, LiveInbox>();

  function joinInbox(client: Client, inbox: LiveInbox, dialect: Dialect, { lastSeq: after, epoch }: Handshake): void {
    const otherLog = after !== undefined && isOtherEpoch(epoch, deps.epoch());
    const request = { after, ...(otherLog && { broken: 'epoch' as const }) };
    const welcome = (arrival: InboxArrival) => {
      const broken = arrival.broken === undefined ? undefined : dialect.inbox?.broken?.(arrival);
      if (broken !== undefined) client.send(broken);
      client.send(...arrival.wires);
    };
    deps.replays
      .run(client.socket, () => inbox.join(client, dialect, request, welcome))
      .catch((error: unknown) => lostInbox(client, error));
  }

  /**
   * Ends the client: without its inbox, it would seem connected and get no events. A client that is alone on its
   * connection loses the connection, too, because clients come back by themselves only after that.
   */
  function lostInbox(client: Client, error: unknown): void {
    const { socket, user, leaving } = client;
    if (leaving.aborted) return;
    log.error({ socket: socket.id, user: user.id, err: error }, 'inbox could not be joined');
    if (clients.sameConnection(client).length === 1) socket.conn.close();
    else deps.end(client, new DeskwireError('unavailable', 'The inbox cannot be read now', { retryAfter: 1 }));
  }

  return {
    opened(client, dispatch, handshake) {
      deps.outbound.add(client.socket);
      dispatch.attach(client);
      const dialects = catalog.get(client.namespace)?.dialects ?? [];
      client.socket.emit('connected', { ...greetingFor(client.user, dialects), epoch: deps.epoch() });
      announcements.opened(client);
      presence.enter('online', { id: client.user.id, name: client.user.name });
      const inbox = inboxes.acquire(client.user);
      inboxOf.set(client, inbox);
      // A client of a namespace without an inbox needs it, too: unread counts and alerts depend on it.
      inbox.opened.catch((error: unknown) => lostInbox(client, error));
      for (const dialect of dialects) {
        if (dialect.inbox?.onConnect === true) joinInbox(client, inbox, dialect, handshake);
      }
    },
    closed(client) {
      for (const { stream } of client.members.values()) {
        if (stream.kind === 'ticket') typing.stop(stream.id, client.user.id);
      }
      memberships.leaveAll(client);
      announcements.closed(client);
      presence.leave('online', client.user.id);
      const inbox = inboxOf.get(client);
      if (inbox !== undefined) inboxes.release(inbox);
    },
    userChanged(user) {
      inboxes.userChanged(user);
      for (const client of clients.ofUser(user.id)) {
        announcements.userChanged(client);
        for (const { stream } of [...client.members.values()]) stream.checkAccess(user.id);
      }
    },
    inboxOf(client) {
      const inbox = inboxOf.get(client);
      if (inbox === undefined) throw new DeskwireError('unavailable', 'The inbox is not there yet', { retryAfter: 1 });
      return inbox;
    },
  };
}

/** The greeting of the first dialect that has its own; otherwise the usual one. */
function greetingFor(user: UserFacts, dialects: readonly Dialect[]): object {
  const greeting = dialects.find((dialect) => dialect.greeting !== undefined)?.greeting?.(user);
  return greeting ?? { message: 'Successfully connected', userId: user.id, role: user.role, name: user.name };
}
