/**
 * Wires the delivery of events to the clients of this process: live streams with their members, typing, changed
 * tickets, alerts and unread counts.
 */
import type { Application } from '../../application/application.ts';
import type { Broker } from '../../broker/port.ts';
import type { Presence } from '../../cluster/presence/presence.ts';
import type { Names } from '../../directory/names.ts';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import type { NotificationView } from '../../domain/notification/inbox.ts';
import { lookUp } from '../../domain/record.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import type { ReplayedStream } from '../../telemetry/metrics.ts';
import { userRoom } from '../connection/client.ts';
import type { Clients } from '../connection/clients.ts';
import type { Replays } from '../connection/replays.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { GatewayOptions } from '../options.ts';
import type { MessageWireFor } from '../wire.ts';
import { createAlerts } from './alerts.ts';
import type { SubscriptionOptions } from './catch-up-subscription.ts';
import type { LiveStream } from './live-stream.ts';
import { createLiveStreams, type LiveStreams } from './live-streams.ts';
import { createMemberships, type Memberships } from './memberships.ts';
import type { SocketRooms } from './socket-rooms.ts';
import { createTicketChanges, type TicketChanges } from './ticket-changes.ts';
import { createTicketUnreadSender } from './ticket-unread-sender.ts';
import { createTyping, type Typing } from './typing.ts';

export interface Delivery {
  readonly live: LiveStreams;
  readonly memberships: Memberships;
  readonly typing: Typing;
  readonly ticketChanges: TicketChanges;
  /** Call it after a notification was sent to the sockets of this user. */
  notified(user: UserFacts, notification: NotificationView): void;
  /** Drops all live streams. Call it when the log has a new epoch. */
  reset(): void;
  close(): void;
}

export interface DeliveryDeps {
  readonly application: Application;
  readonly reader: EventReader;
  readonly broker: Broker;
  readonly now: () => number;
  readonly options: GatewayOptions;
  readonly dialects: readonly Dialect[];
  readonly rooms: SocketRooms;
  readonly presence: Pick<Presence, 'enter' | 'leave' | 'follow'>;
  readonly clients: Clients;
  readonly replays: Replays;
  readonly messageWireFor: MessageWireFor;
  readonly names: Names;
  subscriptionOptions(stream: ReplayedStream): SubscriptionOptions;
  epoch(): string;
  onError(error: unknown): void;
}

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { application, broker, options, dialects, rooms, presence, clients, messageWireFor, names, now, onError } =
    deps;
  const unread = createTicketUnreadSender({ application, send: sendUnread, onError });
  const typing = createTyping({ signals: broker.signals, expires: options.typingExpires, now, onError });
  const live = createLiveStreams(
    {
      broker,
      rooms,
      presence,
      messageWireFor,
      names,
      now,
      onError,
      reader: deps.reader,
      application,
      relations: (ticket) => application.directory.relations(ticket),
      onOpened: (stream) => ifTicket(stream, typing.follow),
      onClosed: (stream) => ifTicket(stream, typing.unfollow),
      onDelivered: countOwnUnread,
    },
    deps.subscriptionOptions,
    options,
  );
  const ticketChanges = createTicketChanges({
    broker,
    onError,
    waiter: application,
    gather: options.ticketChangesEvery,
    send(client, changed) {
      for (const dialect of dialects) {
        const wire = dialect.namespace === client.namespace ? dialect.tickets?.changed?.(changed) : undefined;
        if (wire !== undefined) client.send(wire);
      }
    },
  });
  const alerts = createAlerts({ dialects, clients, streams: live, messageWireFor, names, onError });
  const memberships = createMemberships({
    replayLimit: options.replayLimit,
    historySize: options.historySize,
    streamsPerSocket: options.streamsPerSocket,
    replays: deps.replays,
    application,
    messageWireFor,
    names,
    streams: live,
    epoch: deps.epoch,
  });

  const stopFollowing = presence.follow((place, person, change) => {
    if (place.startsWith('ticket:')) live.get('ticket', place.slice('ticket:'.length))?.sendPresence(person, change);
  });

  /** A user who posts or reads in a ticket has fewer unread messages there. */
  function countOwnUnread(event: RecordedEvent): void {
    const posted = event.type === 'MessagePosted' ? event.metadata.actor.id : undefined;
    const userId = event.type === 'TicketRead' ? event.data.userId : posted;
    if (userId !== undefined) countUnread(userId, parseStream(event.stream).id, event.position);
  }

  /** The count waits for the position of the notification, because the read model of messages may lag behind it. */
  function notified(user: UserFacts, { event, data, internal, position }: NotificationView): void {
    const ticketId = lookUp(data, 'ticketId');
    const version = lookUp(data, 'version');
    if (event !== 'support:message:new' || typeof ticketId !== 'string') return;
    countUnread(user.id, ticketId, position);
    if (typeof version === 'number' && !internal) alerts.posted(user, ticketId, version);
  }

  function countUnread(userId: string, ticketId: string, position: number): void {
    for (const { namespace, user } of clients.ofUser(userId)) {
      if (!dialects.some((dialect) => dialect.namespace === namespace && dialect.tickets?.unread)) continue;
      unread.changed(user, ticketId, position);
      return;
    }
  }

  function sendUnread({ id }: { readonly id: string }, ticketId: string, count: number): void {
    for (const { namespace, tickets } of dialects) {
      const wire = tickets?.unread?.(ticketId, count);
      if (wire !== undefined) rooms.send(namespace, userRoom(id), wire);
    }
  }

  return {
    live,
    memberships,
    typing,
    ticketChanges,
    notified,
    reset: live.reset,
    close() {
      stopFollowing();
      alerts.close();
      ticketChanges.close();
      live.close();
      typing.close();
    },
  };
}

function ifTicket(stream: LiveStream, then: (ticket: LiveStream) => void): void {
  if (stream.kind === 'ticket') then(stream);
}
