/**
 * What happened to a ticket, in plain English, for the SYSTEM messages of its chat. Requesters read these: they say what
 * a requester may know, and of a description only that it changed.
 */
import type { TicketChanges } from './changes.ts';
import type { TicketEvent } from './events.ts';

/** Undefined for what is not announced in the chat. */
export function systemTextOf(event: TicketEvent & { metadata: { actor: Author } }): string | undefined {
  const by = event.metadata.actor;
  switch (event.type) {
    case 'TicketChanged':
      return `${sentence(phrasesOf(event.data.changes))} by ${by.name}`;
    case 'ParticipantAdded':
      return event.data.userId === by.id ? `${by.name} joined` : `${event.data.name} was added by ${by.name}`;
    case 'ParticipantRemoved':
      return event.data.userId === by.id ? `${by.name} left` : `${event.data.name} was removed by ${by.name}`;
    default:
      return undefined;
  }
}

interface Author {
  readonly id: string;
  readonly name: string;
}

function phrasesOf({ status, priority, category, assignee, tags, description }: TicketChanges): string[] {
  return [
    status && `status changed from ${words(status.from)} to ${words(status.to)}`,
    priority && `priority changed from ${priority.from} to ${priority.to}`,
    category && `category changed from ${category.from} to ${category.to}`,
    assignee && assignment(assignee),
    tags && (tags.to.length === 0 ? 'tags removed' : `tags changed to ${tags.to.join(', ')}`),
    description && 'description changed',
  ].filter((phrase) => phrase !== undefined);
}

function assignment({ from, to }: NonNullable<TicketChanges['assignee']>): string {
  if (to === null) return `unassigned from ${from?.name ?? 'nobody'}`;
  return from === null ? `assigned to ${to.name}` : `reassigned from ${from.name} to ${to.name}`;
}

/** `in_progress` is `in progress`. */
function words(status: string): string {
  return status.replaceAll('_', ' ');
}

function sentence(phrases: readonly string[]): string {
  const last = phrases.at(-1) ?? 'changed';
  const text = phrases.length > 1 ? `${phrases.slice(0, -1).join(', ')} and ${last}` : last;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
