/**
 * Folds the events of a ticket into its state. It reads only the data, stream, version, time and actor of an event. The
 * cost of an event does not depend on the number of events before it.
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
    added: {},
    posted: {},
    reads: {},
    publicReads: {},
    internalVersions: [],
    revision: 0,
    lastMessageVersion: 0,
    lastReadableVersion: 0,
    lastPublicReadableVersion: 0,
    createdAt: '',
    updatedAt: '',
  };
}

export function evolveTicket(state: TicketState, event: RecordedEvent<TicketEvent>): TicketState {
  return { ...state, ...bookkeeping(state, event), ...effect(state, event) };
}

function bookkeeping(state: TicketState, event: RecordedEvent<TicketEvent>): Partial<TicketState> {
  const { version } = event;
  const readable = event.type === 'TicketRead' ? {} : { lastReadableVersion: version };
  if (visibilityOf(event) === 'internal') {
    return { version, ...readable, internalVersions: [...state.internalVersions, version] };
  }
  if (event.type === 'TicketRead') return { version };
  const revision = state.revision + 1;
  return { version, ...readable, lastPublicReadableVersion: version, revision, updatedAt: event.time };
}

function effect(state: TicketState, event: RecordedEvent<TicketEvent>): Partial<TicketState> {
  switch (event.type) {
    case 'TicketOpened':
      return opened(event);
    case 'TicketChanged':
      return changed(event);
    case 'ParticipantAdded':
      return {
        participants: withParticipant(state, { ...event.data, id: event.data.userId }),
        added: withId(state.added, event.data.userId),
      };
    case 'ParticipantRemoved':
      return {
        participants: withoutEntry(state.participants, event.data.userId),
        added: withoutEntry(state.added, event.data.userId),
        posted: withoutEntry(state.posted, event.data.userId),
      };
    case 'MessagePosted':
      return posted(state, event);
    case 'TicketRead':
      return withCursors(state, event, event.data.userId, event.data.upTo);
    case 'TicketDeleted':
      return { deleted: true };
    default:
      // From a newer Deskwire, while both run during a deployment.
      event satisfies never;
      return {};
  }
}

function posted(state: TicketState, event: EventOf<'MessagePosted'>): Partial<TicketState> {
  const { actor } = event.metadata;
  return {
    participants: withParticipant(state, actor),
    posted: event.data.internal ? state.posted : withId(state.posted, actor.id),
    ...withCursors(state, event, actor.id, event.version),
    lastMessageVersion: event.version,
  };
}

function opened({ data, stream, time }: EventOf<'TicketOpened'>): Partial<TicketState> {
  return { exists: true, id: parseStream(stream).id, ...fieldsAfterOpening(data), createdAt: time };
}

function changed({ data: { changes } }: EventOf<'TicketChanged'>): Partial<TicketState> {
  return Object.fromEntries(changesIn(changes).map(([field, { to }]) => [field, to]));
}

/** Returns the same record when the participant is in it unchanged, as for most messages. */
function withParticipant({ participants }: TicketState, { id, name, role }: Actor): TicketState['participants'] {
  const known = lookUp(participants, id);
  if (known?.name === name && known.role === role) return participants;
  return withEntry(participants, id, { name, role });
}

function withId(ids: TicketState['added'], id: string): TicketState['added'] {
  return Object.hasOwn(ids, id) ? ids : withEntry(ids, id, true);
}

/** An event that requesters may not see moves only the cursor that staff see. */
function withCursors(
  { reads, publicReads }: TicketState,
  event: RecordedEvent<TicketEvent>,
  userId: string,
  upTo: number,
): Pick<TicketState, 'reads' | 'publicReads'> {
  const internal = visibilityOf(event) === 'internal';
  return {
    reads: withCursor(reads, userId, upTo),
    publicReads: internal ? publicReads : withCursor(publicReads, userId, upTo),
  };
}

/** Cursors never go back. */
function withCursor(reads: TicketState['reads'], userId: string, upTo: number): TicketState['reads'] {
  return upTo > (lookUp(reads, userId) ?? 0) ? withEntry(reads, userId, upTo) : reads;
}
