/**
 * Reading a ticket's audit timeline: staff who see the ticket do, and of a deleted one those who may delete tickets.
 */
import { maySeeDeletedTimeline, maySeeTimeline, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import { type RecordedEvent, streamOf } from '../domain/event.ts';
import type { TicketEvent } from '../domain/ticket/events.ts';
import { type TimelineEntry, timelineEntryOf } from '../domain/ticket/timeline.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { accessOfView } from '../projections/queries/queries.ts';
import type { Application } from './application.ts';
import { backendsOf } from './backends.ts';

export interface TimelinePage {
  readonly ticketId: string;
  /** Oldest first. */
  readonly entries: readonly TimelineEntry[];
  /** The version to go on after; null when there is no more. */
  readonly next: number | null;
}

/**
 * The events after version `after`, from the log itself. Rejects with `not_found` for a ticket that the user may not
 * see, and with `forbidden` when they see it and may not know its history.
 */
export async function getTimeline(
  application: Application,
  user: UserFacts,
  idOrNumber: string,
  page: { readonly after: number; readonly limit: number },
): Promise<TimelinePage> {
  const ticketId = await ticketWithTimeline(application, user, idOrNumber);
  const stream = streamOf('ticket', ticketId);
  const events = await backendsOf(application).history.readStream({ stream, after: page.after, limit: page.limit + 1 });
  const shown = events.slice(0, page.limit) as RecordedEvent<TicketEvent>[];
  const more = events.length > page.limit;
  return { ticketId, entries: shown.map(timelineEntryOf), next: more ? (shown.at(-1)?.version ?? null) : null };
}

async function ticketWithTimeline(application: Application, user: UserFacts, idOrNumber: string): Promise<string> {
  const ticket = await backendsOf(application).queries.ticket(idOrNumber, user);
  if (ticket !== undefined) {
    requirePermission(maySeeTimeline(user, accessOfView(ticket)), 'Only staff see the history of a ticket');
    return ticket.id;
  }
  const deleted = maySeeDeletedTimeline(user)
    ? await backendsOf(application).queries.deletedTicketId(idOrNumber)
    : undefined;
  if (deleted === undefined) throw new DeskwireError('not_found', 'Ticket not found');
  return deleted;
}
