/** Implements `DialectContext`, the ports of the dialects, for the client that sent a request. */
import type { Application } from '../application/application.ts';
import type { Client } from './connection/client.ts';
import type { Replays } from './connection/replays.ts';
import type { ClientAnnouncements } from './delivery/client-announcements.ts';
import type { Memberships } from './delivery/memberships.ts';
import type { TicketChanges } from './delivery/ticket-changes.ts';
import type { Typing } from './delivery/typing.ts';
import type { DialectContext } from './dialects/context.ts';
import type { LiveInbox } from './inbox/live-inbox.ts';
import type { MessageWireFor } from './wire.ts';

interface DialectContextsDeps {
  readonly application: Application;
  readonly memberships: Memberships;
  readonly replays: Replays;
  readonly typing: Typing;
  readonly ticketChanges: Pick<TicketChanges, 'follow'>;
  readonly announcements: Pick<ClientAnnouncements, 'broadcast'>;
  readonly messageWireFor: MessageWireFor;
  readonly historySize: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  epoch(): string;
  /** Throws `unavailable` while the client has no inbox. */
  inboxOf(client: Client): LiveInbox;
  refreshToken(client: Client, token: string): Promise<void>;
}

export function createDialectContexts(deps: DialectContextsDeps): (client: Client) => DialectContext {
  const { application, historySize, now, memberships, typing } = deps;
  return (client) => ({
    application,
    historySize,
    now,
    streams: {
      join: (dialect, request, welcome) => memberships.join(client, dialect, request, welcome),
      leave: (dialect, place) => memberships.leave(client, dialect, place),
      require: (dialect, place) => memberships.require(client, dialect, place),
    },
    inbox: {
      join: (dialect, request, welcome) => deps.inboxOf(client).join(client, dialect, request, welcome),
      leave: (dialect) => deps.inboxOf(client).leave(client, dialect),
    },
    typing: {
      publish: (ticketId, isTyping, internal) => typing.publish(ticketId, client.user, isTyping, internal),
      stop: (ticketId) => typing.stop(ticketId, client.user.id),
    },
    messageWire: (message) => deps.messageWireFor(client.user)(message),
    epoch: () => deps.epoch(),
    waitFor: (position, ms) => application.waitFor(position, ms),
    replay: (read) => deps.replays.run(client.socket, read),
    followTickets: () => deps.ticketChanges.follow(client),
    broadcast: (message) => deps.announcements.broadcast(client, message),
    refreshToken: (token) => deps.refreshToken(client, token),
  });
}
