/**
 * How a ticket's events add up to its state. Reads no more of an event than its data, stream, version, time and actor,
 * and costs the same whether it is the ticket's tenth message or its hundred thousandth.
 */
import { parseStream, type RecordedEvent } from '../event.ts';
import { lookUp, withEntry, withoutEntry } from '../record.ts';
import type { Actor } from '../user/identity.ts';
import { visibilityOf } from '../visibility.ts';
import type { TicketEvent } from './events.ts';
import { changesIn, fieldsAfterOpening, initialFields } from './fields.ts';
import type { TicketState } from './state.ts';

type EventOf<T extends TicketEvent['type']> = RecordedEvent<Extract<TicketEvent, { type: T }>>;

export function initialTicket(): TicketState {
  return {
    version: 0,
    exists: false,
    deleted: false,
    id: '',
    ...initialFields(),
    participants: {},
    reads: {},
    lastMessageVersion: 0,
    lastReadableVersion: 0,
    createdAt: '',
    updatedAt: '',
  };
}

export function evolveTicket(state: TicketState, event: RecordedEvent<TicketEvent>): TicketState {
  return { ...state, ...bookkeeping(state, event), ...effect(state, event) };
}

function bookkeeping(state: TicketState, event: RecordedEvent<TicketEvent>): Partial<TicketState> {
  const { version } = event;
  if (event.type === 'TicketRead') return { version };
  const updatedAt = visibilityOf(event) === 'internal' ? state.updatedAt : event.time;
  return { version, lastReadableVersion: version, updatedAt };
}

function effect(state: TicketState, event: RecordedEvent<TicketEvent>): Partial<TicketState> {
  switch (event.type) {
    case 'TicketOpened':
      return opened(event);
    case 'TicketChanged':
      return changed(event);
    case 'ParticipantAdded':
      return { participants: withParticipant(state, { ...event.data, id: event.data.userId }) };
    case 'ParticipantRemoved':
      return { participants: withoutEntry(state.participants, event.data.userId) };
    case 'MessagePosted':
      return {
        participants: withParticipant(state, event.metadata.actor),
        reads: withCursor(state, event.metadata.actor.id, event.version),
        lastMessageVersion: event.version,
      };
    case 'TicketRead':
      return { reads: withCursor(state, event.data.userId, event.data.upTo) };
    case 'TicketDeleted':
      return { deleted: true };
    default:
      // From a newer Deskwire, while both run during a deployment.
      event satisfies never;
      return {};
  }
}

function opened({ data, stream, time }: EventOf<'TicketOpened'>): Partial<TicketState> {
  return { exists: true, id: parseStream(stream).id, ...fieldsAfterOpening(data), createdAt: time };
}

function changed({ data: { changes } }: EventOf<'TicketChanged'>): Partial<TicketState> {
  return Object.fromEntries(changesIn(changes).map(([field, { to }]) => [field, to]));
}

/** The record itself while they are in it as they are: most messages are posted by somebody who posted before. */
function withParticipant({ participants }: TicketState, { id, name, role }: Actor): TicketState['participants'] {
  const known = lookUp(participants, id);
  if (known?.name === name && known.role === role) return participants;
  return withEntry(participants, id, { name, role });
}

/** Cursors never go back. */
function withCursor({ reads }: TicketState, userId: string, upTo: number): TicketState['reads'] {
  return upTo > (lookUp(reads, userId) ?? 0) ? withEntry(reads, userId, upTo) : reads;
}
