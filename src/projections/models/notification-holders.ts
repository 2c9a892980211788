/**
 * Who has notifications of which ticket in their inbox: the stored ones and those that the batch adds. Access may end
 * for anyone who has some, also for somebody who is no longer on the ticket, or never was (an admin, a vendor).
 *
 * Stored holders are read for the tickets and users whose access the batch may change, and for no others.
 */
import { parseStream, type RecordedEvent, type StreamKind } from '../../domain/event.ts';
import type { Query } from '../engine/projection.ts';

export interface NotificationHolders {
  /** Reads the stored holders that the batch needs. `tickets` are those that point at a changed reference. */
  prefetch(events: readonly RecordedEvent[], tickets: readonly string[], query: Query): Promise<void>;
  /** Keeps that the batch adds a notification of this ticket. */
  add(userId: string, ticketId: string): void;
  /** All that were read or added, by user and by ticket. */
  readonly userIds: Iterable<string>;
  readonly ticketIds: Iterable<string>;
  ticketsOf(userId: string): Iterable<string>;
  usersOf(ticketId: string): Iterable<string>;
}

export function createNotificationHolders(): NotificationHolders {
  let ticketsByUser = new Map<string, Set<string>>();
  let usersByTicket = new Map<string, Set<string>>();

  const add = (userId: string, ticketId: string) => {
    addTo(ticketsByUser, userId, ticketId);
    addTo(usersByTicket, ticketId, userId);
  };

  return {
    async prefetch(events, tickets, query) {
      ticketsByUser = new Map();
      usersByTicket = new Map();
      const changedUsers = endingAccess(events, 'user');
      const changedTickets = [...tickets, ...endingAccess(events, 'ticket')];
      if (changedUsers.length + changedTickets.length === 0) return;
      const text = `
        select user_id, ticket_id from notifications where user_id = any ($1::text[]) and ticket_id is not null
        union
        select user_id, ticket_id from notifications where ticket_id = any ($2::text[])`;
      const rows = await query('notification_holders', text, [changedUsers, changedTickets]);
      for (const { user_id, ticket_id } of rows as { user_id: string; ticket_id: string }[]) add(user_id, ticket_id);
    },
    add,
    get userIds() {
      return ticketsByUser.keys();
    },
    get ticketIds() {
      return usersByTicket.keys();
    },
    ticketsOf: (userId) => ticketsByUser.get(userId) ?? [],
    usersOf: (ticketId) => usersByTicket.get(ticketId) ?? [],
  };
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** Whether somebody may lose access by this event. A deletion is not among them: it ends the access of everybody. */
export function mayEndAccess(event: RecordedEvent): boolean {
  switch (event.type) {
    case 'UserChanged': {
      const { role, active, vendorId } = event.data.changes;
      return (role ?? active ?? vendorId) !== undefined;
    }
    case 'TicketChanged': {
      const { assignee, category } = event.data.changes;
      return (assignee ?? category) !== undefined;
    }
    case 'ParticipantRemoved':
    case 'ReferenceSet':
      return true;
    default:
      return false;
  }
}

/** The ids of the streams of one kind by which somebody may lose access. */
function endingAccess(events: readonly RecordedEvent[], kind: StreamKind): string[] {
  return events.filter(mayEndAccess).flatMap(({ stream }) => {
    const parsed = parseStream(stream);
    return parsed.kind === kind ? [parsed.id] : [];
  });
}
