/**
 * Tells those on a ticket who have not joined it of a new message, with the message itself. Who is on the ticket, and that
 * they hear of each message once and in order, comes with their inbox: its notifications are told reliably, on whichever
 * node a user is. The message is read from the log, and whether they may see it is asked of the ticket as it is now.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { messageOf } from '../../domain/ticket/message.ts';
import type { Sessions } from '../connection/clients.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { MessageWireFor } from '../wire.ts';
import { memberName } from './live-stream.ts';
import type { LiveStreams } from './live-streams.ts';

export interface Alerts {
  /** A message was posted by somebody else in a ticket that this user is on. */
  posted(userId: string, ticketId: string, version: number): void;
  close(): void;
}

interface Parts {
  readonly dialects: readonly Dialect[];
  readonly sessions: Sessions;
  readonly streams: LiveStreams;
  readonly messageWireFor: MessageWireFor;
  onError(error: unknown): void;
}

export function createAlerts({ dialects, sessions, streams, messageWireFor, onError }: Parts): Alerts {
  const alerting = dialects.filter(({ tickets }) => tickets?.alert !== undefined);
  const closing = new AbortController();
  /** By user: what is told to one goes in order. */
  const queues = new Map<string, Promise<void>>();

  function concerned(userId: string, ticketId: string, version: number) {
    return [...sessions.ofUser(userId)].flatMap((session) =>
      alerting
        .filter((dialect) => dialect.namespace === session.namespace)
        .filter((dialect) => !session.hasHeard(memberName(dialect, 'ticket', ticketId), version))
        .map((dialect) => ({ session, dialect })),
    );
  }

  async function alert(userId: string, ticketId: string, version: number): Promise<void> {
    if (concerned(userId, ticketId, version).length === 0) return;
    const ticket = streams.acquire('ticket', ticketId);
    try {
      await ticket.feed.current(closing.signal);
      const event = await streams.readEvent('ticket', ticketId, version);
      if (event?.type !== 'MessagePosted' || event.data.internal || event.metadata.actor.id === userId) return;
      const message = messageOf(event as RecordedEvent<TicketEvent>);
      if (message === undefined) return;
      for (const { session, dialect } of concerned(userId, ticketId, version)) {
        const wire = dialect.tickets?.alert?.(ticketId, messageWireFor(session.user)(message));
        if (wire !== undefined && ticket.access(session.user).hears) session.socket.emit(wire.name, wire.payload);
      }
    } finally {
      streams.release(ticket);
    }
  }

  return {
    posted(userId, ticketId, version) {
      if (closing.signal.aborted || concerned(userId, ticketId, version).length === 0) return;
      const told = (queues.get(userId) ?? Promise.resolve())
        .then(() => alert(userId, ticketId, version))
        .catch(onError)
        .finally(() => {
          if (queues.get(userId) === told) queues.delete(userId);
        });
      queues.set(userId, told);
    },
    close: () => closing.abort(),
  };
}
