/**
 * The decider of tickets. Every decision checks in this order:
 * - The author's account is active (`unauthorized`).
 * - The author may see the ticket (`not_found`, as for a ticket that does not exist or was deleted).
 * - The author may do this (`forbidden`).
 * - The command is valid (`invalid_payload`).
 * - The state of the ticket allows it (`conflict`).
 * So a refusal tells nothing to a user who may not see the ticket. Sources: docs/protocol.md sections 1, 5 and 8.
 *
 * A closed ticket stays closed: its status cannot change, and nobody can post in it, because nobody would read the
 * message. Its other fields and its participants can still change.
 */
import {
  answersForRequester,
  mayAddParticipant,
  mayAssignTicket,
  mayBeAssigned,
  mayChangeTicket,
  mayDeleteTicket,
  mayOpenTicketFor,
  mayPostInternalNote,
  mayPostMessage,
  mayRemoveParticipant,
  maySeeInternalNotes,
  maySeeTicket,
  requireActive,
  requirePermission,
  type TicketRelations,
} from '../access.ts';
import { DeskwireError } from '../errors.ts';
import type { Decider, DecisionContext } from '../event.ts';
import { assertText } from '../json.ts';
import { lookUp } from '../record.ts';
import type { UserFacts } from '../user/identity.ts';
import { type ChangeTicket, changesOf } from './changes.ts';
import type { TicketCommand } from './commands.ts';
import type { TicketEvent } from './events.ts';
import { evolveTicket, initialTicket } from './evolve.ts';
import { assertFields, openedFields, TICKET_STATE_VERSION } from './fields.ts';
import { accessOf, participates } from './people.ts';
import { shownVersion, streamVersion } from './public-view.ts';
import type { TicketState } from './state.ts';

export type { TicketCommand } from './commands.ts';
export type { TicketState } from './state.ts';

/** `relations`: of the ticket's references, at the moment of the decision. */
export interface TicketContext extends DecisionContext {
  readonly relations: TicketRelations;
}

type CommandOf<T extends TicketCommand['type']> = Extract<TicketCommand, { type: T }>;
type Decision = readonly TicketEvent[];

export const ticketDecider: Decider<TicketState, TicketCommand, TicketEvent, TicketContext> = {
  kind: 'ticket',
  stateVersion: TICKET_STATE_VERSION,
  revisionOf: ({ revision }) => revision,
  initialState: initialTicket,
  decide,
  evolve: evolveTicket,
};

function decide(command: TicketCommand, state: TicketState, context: TicketContext): Decision {
  requireActive(context.by);
  if (command.type === 'OpenTicket' && !state.exists) return open(command, context.by);
  requireVisible(state, context);
  switch (command.type) {
    case 'OpenTicket':
      throw new DeskwireError('conflict', 'This ticket is already open');
    case 'ChangeTicket':
      return change(command, state, context);
    case 'PostMessage':
      return post(command, state, context);
    case 'AddParticipant':
      return addParticipant(command, state, context);
    case 'RemoveParticipant':
      return removeParticipant(command, state, context);
    case 'MarkTicketRead':
      return markRead(command, state, context);
    case 'DeleteTicket':
      requirePermission(mayDeleteTicket(context.by, accessOf(state, context.relations)), 'Only admins delete tickets');
      return [{ type: 'TicketDeleted', data: {} }];
  }
}

function requireVisible(state: TicketState, { by, relations }: TicketContext): void {
  if (!state.exists || state.deleted || !maySeeTicket(by, accessOf(state, relations))) {
    throw new DeskwireError('not_found', 'Ticket not found');
  }
}

function open(command: CommandOf<'OpenTicket'>, by: UserFacts): Decision {
  const { requester, station, ...fields } = command;
  requirePermission(mayOpenTicketFor(by, requester.id), 'You may open tickets only for yourself');
  const data = openedFields({
    ...fields,
    requesterId: requester.id,
    requesterName: requester.name,
    ...(station && { stationId: station.id, stationName: station.name }),
  });
  assertFields(data);
  return [{ type: 'TicketOpened', data }];
}

/** One event for any number of changed fields; no event when nothing changes. */
function change(command: ChangeTicket, state: TicketState, { by, relations }: TicketContext): Decision {
  const access = accessOf(state, relations);
  requirePermission(mayChangeTicket(by, access), 'Only staff may change a ticket');
  if (command.assignee !== undefined) requirePermission(mayAssignTicket(by, access), 'Only staff may assign a ticket');
  assertFields(command);
  const changes = changesOf(command, state);
  // A user who was deactivated after the assignment stays assigned. Only a new assignee must be active staff.
  if (changes.assignee && command.assignee && !mayBeAssigned(command.assignee)) {
    throw new DeskwireError('invalid_payload', 'Only active staff can be assigned', { field: 'assigneeId' });
  }
  if (changes.status && state.status === 'closed') {
    throw new DeskwireError('conflict', 'A closed ticket cannot be reopened', { field: 'status' });
  }
  return Object.keys(changes).length === 0 ? [] : [{ type: 'TicketChanged', data: { changes } }];
}

function post(command: CommandOf<'PostMessage'>, state: TicketState, { by, relations }: TicketContext): Decision {
  const access = accessOf(state, relations);
  requirePermission(mayPostMessage(by, access), 'You may not post in this ticket');
  if (command.internal) requirePermission(mayPostInternalNote(by, access), 'Only staff may post internal notes');
  const { messageId, message, messageType, attachments, internal, clientMessageId } = command;
  assertText(message, 'message');
  if (message.trim() === '' && attachments.length === 0) {
    throw new DeskwireError('invalid_payload', 'A message needs text or attachments', { field: 'message' });
  }
  if (state.status === 'closed') {
    throw new DeskwireError('conflict', 'This ticket is closed. Please open a new one');
  }
  const posted: TicketEvent = {
    type: 'MessagePosted',
    data: {
      messageId,
      message,
      messageType,
      attachments,
      internal,
      ...(clientMessageId !== undefined && { clientMessageId }),
    },
  };
  if (!reopens(command, state, by)) return [posted];
  return [posted, { type: 'TicketChanged', data: { changes: { status: { from: state.status, to: 'open' } } } }];
}

/** A public message from the requester's side reopens a pending or resolved ticket. */
function reopens({ internal }: CommandOf<'PostMessage'>, state: TicketState, by: UserFacts): boolean {
  if (internal || (state.status !== 'pending' && state.status !== 'resolved')) return false;
  return answersForRequester(by, state.requesterId);
}

/** The requester is on the ticket already. */
function addParticipant(
  { user }: CommandOf<'AddParticipant'>,
  state: TicketState,
  { by, relations }: TicketContext,
): Decision {
  requirePermission(mayAddParticipant(by, accessOf(state, relations)), 'Only staff may add participants');
  if (user.id === state.requesterId || Object.hasOwn(state.added, user.id)) return [];
  if (!user.active) {
    throw new DeskwireError('invalid_payload', 'This user is deactivated', { field: 'userId' });
  }
  return [{ type: 'ParticipantAdded', data: { userId: user.id, name: user.name, role: user.role } }];
}

function removeParticipant(
  { userId }: CommandOf<'RemoveParticipant'>,
  state: TicketState,
  { by, relations }: TicketContext,
): Decision {
  requirePermission(
    mayRemoveParticipant(by, accessOf(state, relations), userId),
    'Only staff may remove other participants',
  );
  // The author of notes alone is no participant: an event would show that there are notes.
  if (!participates(state, userId)) return [];
  const name = lookUp(state.participants, userId)?.name ?? userId;
  return [{ type: 'ParticipantRemoved', data: { userId, name } }];
}

/**
 * `upTo` is in the reader's numbering. Moves the reader's own cursor, never back and never beyond the ticket's version,
 * because nothing is read before it exists. The cursor of a user who has read everything does not move: a reading is an
 * event too, and each reading could be read in turn.
 */
function markRead(
  { upTo }: CommandOf<'MarkTicketRead'>,
  state: TicketState,
  { by, relations }: TicketContext,
): Decision {
  if (!Number.isSafeInteger(upTo) || upTo < 0) {
    throw new DeskwireError('invalid_payload', 'upTo must be a version of the ticket', { field: 'upTo' });
  }
  const notes = maySeeInternalNotes(by, accessOf(state, relations));
  const reached = Math.min(streamVersion(upTo, state.internalVersions, notes ? 'staff' : 'public'), state.version);
  if (movesPublicCursor(state, by.id, reached)) return [{ type: 'TicketRead', data: { userId: by.id, upTo: reached } }];
  const cursor = lookUp(state.reads, by.id) ?? 0;
  if (!notes || reached <= cursor || cursor >= state.lastReadableVersion) return [];
  return [{ type: 'TicketRead', data: { userId: by.id, upTo: reached, internal: true } }];
}

/** Whether the reading would move the cursor if there were no internal notes. */
function movesPublicCursor(state: TicketState, userId: string, reached: number): boolean {
  const { internalVersions: internal, lastPublicReadableVersion } = state;
  const cursor = lookUp(state.publicReads, userId) ?? 0;
  const moves = shownVersion(reached, internal, 'public') > shownVersion(cursor, internal, 'public');
  return moves && cursor < lastPublicReadableVersion;
}
