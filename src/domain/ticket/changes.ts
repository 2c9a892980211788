/** The changes that a ChangeTicket command makes: only fields whose value changes. */
import type { Change } from '../change.ts';
import type { TicketCommand } from './commands.ts';
import {
  type AskedFields,
  CHANGEABLE_FIELDS,
  type ChangeableField,
  FIELD_RULES,
  type TicketChanges,
  type TicketFields,
} from './fields.ts';
import type { TicketState } from './state.ts';

export type ChangeTicket = Extract<TicketCommand, { type: 'ChangeTicket' }>;

export function changesOf(command: ChangeTicket, state: TicketState): TicketChanges {
  const asked: AskedFields = { ...command, assignee: person(command.assignee) };
  const entries = CHANGEABLE_FIELDS.map((field) => [field, changeOf(field, state[field], asked[field])] as const);
  return Object.fromEntries(entries.filter(([, change]) => change !== undefined));
}

function changeOf<K extends ChangeableField>(
  field: K,
  from: TicketFields[K],
  to: TicketFields[K] | undefined,
): Change<TicketFields[K]> | undefined {
  const { isSame = Object.is } = FIELD_RULES[field];
  return to === undefined || isSame(from, to) ? undefined : { from, to };
}

function person(assignee: ChangeTicket['assignee']): TicketState['assignee'] | undefined {
  return assignee && { id: assignee.id, name: assignee.name };
}
