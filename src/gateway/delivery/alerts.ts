/**
 * Alerts of new messages, with the message itself, for users of a ticket who have not joined it. The notification in a
 * user's inbox triggers the alert: notifications reach each user of a ticket once and in order, on every node. The
 * message is read from the log, and the ticket's present state decides whether the user may see it.
 */
import type { Names } from '../../directory/names.ts';
import type { RecordedEvent } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import { viewOf } from '../../domain/ticket/public-view.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { createLanes } from '../../support/lanes.ts';
import type { Clients } from '../connection/clients.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { MessageWireFor } from '../wire.ts';
import type { LiveStreams } from './live-streams.ts';
import { memberName } from './member-rooms.ts';

export interface Alerts {
  /**
   * Call it when another user posted a message in a ticket of this user. `version`: of the message, in the numbering
   * of the user.
   */
  posted(user: UserFacts, ticketId: string, version: number): void;
  close(): void;
}

interface AlertsDeps {
  readonly dialects: readonly Dialect[];
  readonly clients: Clients;
  readonly streams: LiveStreams;
  readonly messageWireFor: MessageWireFor;
  readonly names: Names;
  onError(error: unknown): void;
}

export function createAlerts({ dialects, clients, streams, messageWireFor, names, onError }: AlertsDeps): Alerts {
  const alerting = dialects.filter(({ tickets }) => tickets?.alert !== undefined);
  const closing = new AbortController();
  /** One lane for each user, so that a user's alerts are sent in order. */
  const lanes = createLanes<string>();

  function receiversOf(userId: string, ticketId: string, version: number) {
    return [...clients.ofUser(userId)].flatMap((client) =>
      alerting
        .filter((dialect) => dialect.namespace === client.namespace)
        .filter((dialect) => !client.hasReceived(memberName(dialect, 'ticket', ticketId), version))
        .map((dialect) => ({ client, dialect })),
    );
  }

  async function alert(user: UserFacts, ticketId: string, version: number): Promise<void> {
    const userId = user.id;
    if (receiversOf(userId, ticketId, version).length === 0) return;
    const ticket = streams.acquire('ticket', ticketId);
    try {
      await ticket.subscription.catchUp(closing.signal);
      const event = await streams.readEvent('ticket', ticketId, ticket.streamVersion(version, viewOf(user)));
      if (event?.type !== 'MessagePosted' || event.data.internal || event.metadata.actor.id === userId) return;
      await names.load(names.missing([event]));
      for (const { client, dialect } of receiversOf(userId, ticketId, version)) {
        if (!ticket.access(client.user).receives) continue;
        const message = messageOf(ticket.shownEvent(event, viewOf(client.user)) as RecordedEvent<TicketEvent>);
        if (message === undefined) continue;
        const wire = dialect.tickets?.alert?.(ticketId, messageWireFor(client.user)(message));
        if (wire !== undefined) client.send(wire);
      }
    } finally {
      streams.release(ticket);
    }
  }

  return {
    posted(user, ticketId, version) {
      if (closing.signal.aborted || receiversOf(user.id, ticketId, version).length === 0) return;
      lanes.run(user.id, () => alert(user, ticketId, version)).catch(onError);
    },
    close: () => closing.abort(),
  };
}
