/** What the notifications projection must know before it folds a batch: pure functions from events to ids. */
import { parseStream, type RecordedEvent } from '../../domain/event.ts';
import { referenceStreamId } from '../../domain/reference/decider.ts';
import type { ReferenceEvent } from '../../domain/reference/events.ts';
import type { TicketState } from '../../domain/ticket/state.ts';

export function referencesIn(events: readonly RecordedEvent[]): ReferenceEvent['data'][] {
  return events.flatMap((event) => (event.type === 'ReferenceSet' ? [event.data] : []));
}

/** The ids of the references of these tickets, and of those that the batch opens. */
export function referencesOf(
  events: readonly RecordedEvent[],
  tickets: Iterable<TicketState | undefined>,
): Set<string> {
  const ids = new Set<string>();
  const add = ({ grnId, dispatchId }: { readonly grnId?: string | null; readonly dispatchId?: string | null }) => {
    if (grnId) ids.add(referenceStreamId('grn', grnId));
    if (dispatchId) ids.add(referenceStreamId('dispatch', dispatchId));
  };
  for (const ticket of tickets) if (ticket !== undefined) add(ticket);
  for (const event of events) if (event.type === 'TicketOpened') add(event.data);
  return ids;
}

export function ticketsConcerned(events: readonly RecordedEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    const concerns = event.type !== 'TicketRead' || event.data.internal === true;
    if (concerns && event.stream.startsWith('ticket.')) ids.add(parseStream(event.stream).id);
  }
  return ids;
}

/** The users that a batch names, in addition to those already on its tickets. */
export function usersNamed(events: readonly RecordedEvent[]): Set<string> {
  const ids = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case 'TicketOpened':
        ids.add(event.data.requesterId);
        break;
      case 'TicketChanged':
        if (event.data.changes.assignee?.to) ids.add(event.data.changes.assignee.to.id);
        break;
      case 'ParticipantAdded':
        ids.add(event.data.userId);
        break;
      case 'MessagePosted':
        ids.add(event.metadata.actor.id);
        break;
      case 'UserRegistered':
      case 'UserChanged':
      case 'NotificationSent':
      case 'NotificationsRead':
      case 'AllNotificationsRead':
      case 'InboxSeen':
        ids.add(parseStream(event.stream).id);
    }
  }
  return ids;
}
