/**
 * The live streams of this process and what hangs on them: tickets and rooms with their members, typists, inboxes, and
 * the alerts and unread counts that follow from them.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Application } from '../../application/application.ts';
import type { Broker } from '../../broker/port.ts';
import type { Presence } from '../../cluster/presence/presence.ts';
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import { lookUp } from '../../domain/record.ts';
import type { EpochWatch } from '../../eventlog/epoch-watch.ts';
import type { EventReader } from '../../eventlog/event-log.ts';
import type { NotificationView, ProjectionWaiter } from '../../projections/queries/queries.ts';
import type { ReplayedStream } from '../../telemetry/metrics.ts';
import { noTelemetry, type Telemetry } from '../../telemetry/telemetry.ts';
import { userRoom } from '../connection/client.ts';
import type { Sessions } from '../connection/clients.ts';
import type { Replays } from '../connection/replays.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { createInboxes, type Inboxes } from '../inbox/inboxes.ts';
import type { GatewayOptions } from '../options.ts';
import type { MessageWireFor } from '../wire.ts';
import { createAlerts } from './alerts.ts';
import type { FeedOptions } from './catch-up-subscription.ts';
import type { LiveStream } from './live-stream.ts';
import { createLiveStreams, type LiveStreams } from './live-streams.ts';
import { createMemberships, type Memberships } from './memberships.ts';
import { watchFeeds } from './observer.ts';
import type { Rooms } from './rooms.ts';
import { createTicketChanges, type TicketChanges } from './ticket-changes.ts';
import { createTyping, type Typing } from './typing.ts';
import { createUnread } from './unread.ts';

export interface Streams {
  readonly live: LiveStreams;
  readonly memberships: Memberships;
  readonly inboxes: Inboxes;
  readonly typing: Typing;
  readonly ticketChanges: TicketChanges;
  /** Forgets everything: the log is another one now. */
  reset(): void;
  close(): void;
}

export interface StreamsParts {
  readonly application: Application;
  readonly reader: EventReader;
  readonly waiter: ProjectionWaiter;
  readonly broker: Broker;
  readonly now: () => number;
  readonly options: GatewayOptions;
  readonly dialects: readonly Dialect[];
  readonly rooms: Rooms;
  readonly presence: Pick<Presence, 'enter' | 'leave' | 'follow'>;
  readonly sessions: Sessions;
  readonly replays: Replays;
  readonly messageWireFor: MessageWireFor;
  readonly epoch: Pick<EpochWatch, 'current'>;
  readonly telemetry?: Telemetry;
  onError(error: unknown): void;
}

export function createStreams(parts: StreamsParts): Streams {
  const { application, broker, options, dialects, rooms, presence, sessions, messageWireFor, epoch, now, onError } =
    parts;
  const feedOptions = (stream: ReplayedStream): FeedOptions => ({
    ...{ ...options, sleep, onError },
    observer: watchFeeds(stream, parts.telemetry ?? noTelemetry),
  });
  const unread = createUnread({ queries: application.queries, waiter: parts.waiter, send: sendUnread, onError });
  const typing = createTyping({ signals: broker.signals, expires: options.typingExpires, now, onError });
  const live = createLiveStreams(
    {
      ...{ broker, rooms, presence, messageWireFor, now, onError },
      reader: parts.reader,
      actors: application.actors,
      relations: (ticket) => application.directory.relations(ticket),
      onAcquired: (stream) => ofTicket(stream, typing.follow),
      onReleased: (stream) => ofTicket(stream, typing.unfollow),
      onDelivered: ownCursorMoved,
    },
    feedOptions,
    options,
  );
  const ticketChanges = createTicketChanges({
    ...{ broker, onError },
    waiter: parts.waiter,
    gather: options.ticketChangesEvery,
    tell({ socket, namespace }, changed) {
      for (const dialect of dialects) {
        const wire = dialect.namespace === namespace ? dialect.tickets?.changed?.(changed) : undefined;
        if (wire !== undefined) socket.emit(wire.name, wire.payload);
      }
    },
  });
  const alerts = createAlerts({ dialects, sessions, streams: live, messageWireFor, onError });
  const inboxes = createInboxes(
    {
      ...{ broker, rooms, now, onError },
      signals: broker.signals,
      queries: application.queries,
      replayLimit: options.replayLimit,
      dialects: dialects.filter(({ inbox }) => inbox !== undefined),
      onDelivered: ({ id }, notification) => othersPosted(id, notification),
    },
    feedOptions('inbox'),
    { linger: options.linger, checkEvery: options.inboxCheckEvery },
  );
  const memberships = createMemberships({
    ...{ replayLimit: options.replayLimit, historySize: options.historySize },
    streamsPerSocket: options.streamsPerSocket,
    replays: parts.replays,
    ...{ application, messageWireFor },
    streams: live,
    epoch: () => epoch.current,
  });

  const stopFollowing = presence.follow((place, person, change) => {
    if (place.startsWith('ticket:')) live.get('ticket', place.slice('ticket:'.length))?.tellPresence(person, change);
  });

  /** Whoever posts or reads has less to read. */
  function ownCursorMoved(event: RecordedEvent): void {
    const posted = event.type === 'MessagePosted' ? event.metadata.actor.id : undefined;
    const userId = event.type === 'TicketRead' ? event.data.userId : posted;
    if (userId !== undefined) countUnread(userId, parseStream(event.stream).id, event.position);
  }

  /** What others posted comes with the notification of it, which may be ahead of the read model that counts. */
  function othersPosted(userId: string, { event, data, internal, position }: NotificationView): void {
    const ticketId = lookUp(data, 'ticketId');
    const version = lookUp(data, 'version');
    if (event !== 'support:message:new' || typeof ticketId !== 'string') return;
    countUnread(userId, ticketId, position);
    if (typeof version === 'number' && !internal) alerts.posted(userId, ticketId, version);
  }

  function countUnread(userId: string, ticketId: string, position: number): void {
    for (const { namespace, user } of sessions.ofUser(userId)) {
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
    inboxes,
    typing,
    ticketChanges,
    reset() {
      live.reset();
      inboxes.reset();
    },
    close() {
      stopFollowing();
      alerts.close();
      ticketChanges.close();
      live.close();
      inboxes.close();
      typing.close();
    },
  };
}

function ofTicket(stream: LiveStream, then: (ticket: LiveStream) => void): void {
  if (stream.kind === 'ticket') then(stream);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
