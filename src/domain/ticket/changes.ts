/** What a ChangeTicket command really changes: the fields whose value becomes another one, and no others. */
import type { Change } from '../change.ts';
import type { TicketCommand } from './commands.ts';
import type { TicketEvent } from './events.ts';
import type { TicketState } from './state.ts';

export type ChangeTicket = Extract<TicketCommand, { type: 'ChangeTicket' }>;
export type TicketChanges = Extract<TicketEvent, { type: 'TicketChanged' }>['data']['changes'];

export function changesOf(command: ChangeTicket, state: TicketState): TicketChanges {
  const status = change(state.status, command.status);
  const description = change(state.description, command.description);
  const category = change(state.category, command.category);
  const priority = change(state.priority, command.priority);
  const assignee = change(state.assignee, person(command.assignee), (a, b) => a?.id === b?.id);
  const tags = change(state.tags, command.tags, sameList);
  return {
    ...(status && { status }),
    ...(description && { description }),
    ...(category && { category }),
    ...(priority && { priority }),
    ...(assignee && { assignee }),
    ...(tags && { tags }),
  };
}

/** The same person under a new name is the same assignee. */
function person(assignee: ChangeTicket['assignee']): TicketState['assignee'] | undefined {
  return assignee && { id: assignee.id, name: assignee.name };
}

function change<T>(from: T, to: T | undefined, same: (a: T, b: T) => boolean = Object.is): Change<T> | undefined {
  return to === undefined || same(from, to) ? undefined : { from, to };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
