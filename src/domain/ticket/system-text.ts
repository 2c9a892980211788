/**
 * The texts of the SYSTEM messages in a ticket's chat, in plain English. Requesters read them, so they tell only facts
 * that a requester may know. Of a description they tell only that it changed.
 */
import type { Change } from '../change.ts';
import type { TicketEvent } from './events.ts';
import {
  CHANGEABLE_FIELDS,
  type ChangeableField,
  FIELD_RULES,
  type TicketChanges,
  type TicketFields,
} from './fields.ts';

/** Undefined for an event that has no SYSTEM message. */
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

function phrasesOf(changes: TicketChanges): string[] {
  return CHANGEABLE_FIELDS.map((field) => phraseOf(field, changes[field])).filter((phrase) => phrase !== undefined);
}

function phraseOf<K extends ChangeableField>(
  field: K,
  change: Change<TicketFields[K]> | undefined,
): string | undefined {
  return change && FIELD_RULES[field].changed?.(change);
}

function sentence(phrases: readonly string[]): string {
  const last = phrases.at(-1) ?? 'changed';
  const text = phrases.length > 1 ? `${phrases.slice(0, -1).join(', ')} and ${last}` : last;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
