/**
 * A ticket's state in the client, and how each event changes it. The functions are pure, and the same for replayed and
 * live events. Every change makes a new object, so that user interfaces compare by identity.
 */
import type { FollowStatus } from './follower.ts';
import type { Message, OutgoingMessage, Participant, StreamEvent, Ticket } from './types.ts';

export interface Person {
  readonly userId: string;
  readonly userName: string;
}

export interface TicketState {
  readonly status: FollowStatus;
  /** Undefined until it is loaded, and when this user may not see it. */
  readonly ticket: Ticket | undefined;
  /** Oldest first, without a gap: the latest, and as many older ones as `loadOlder` fetched. */
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  /** Messages that this client posted and that are not in `messages` yet, in the order posted. */
  readonly outgoing: readonly OutgoingMessage[];
  /** Requester, assignee and participants, with their presence and read versions. */
  readonly people: readonly Participant[];
  /** Other users who are typing now. */
  readonly typing: readonly Person[];
}

export const EMPTY_TICKET: TicketState = {
  status: 'loading',
  ticket: undefined,
  messages: [],
  hasOlder: false,
  outgoing: [],
  people: [],
  typing: [],
};

/** Whether the event adds or removes people. Their details are not in the event, so the list is requested again. */
export function changesPeople({ type }: StreamEvent): boolean {
  return type === 'TicketChanged' || type === 'ParticipantAdded' || type === 'ParticipantRemoved';
}

/** The ticket's fields after an event. Messages and people are handled by other functions. */
export function ticketAfter(ticket: Ticket | undefined, event: StreamEvent): Ticket | undefined {
  const { type, data, actor, time, version } = event;
  if (type === 'TicketOpened') {
    const nobody = { assigneeId: null, participantIds: [], unread: 0 };
    const id = event.stream.slice('ticket:'.length);
    return { ...data, ...nobody, id, version, status: 'open', createdAt: time, updatedAt: time };
  }
  if (ticket === undefined || type === 'TicketDeleted') return undefined;
  const people = new Set(ticket.participantIds);
  if (type === 'ParticipantAdded') people.add(data.userId);
  if (type === 'ParticipantRemoved') people.delete(data.userId);
  if (type === 'MessagePosted' && actor !== null) people.add(actor.id);
  const silent = type === 'TicketRead' || (type === 'MessagePosted' && data.message.internal);
  return {
    ...ticket,
    ...(type === 'TicketChanged' && changedFields(data.changes)),
    version,
    participantIds: people.size === ticket.participantIds.length ? ticket.participantIds : [...people].sort(),
    updatedAt: silent ? ticket.updatedAt : time,
  };
}

function changedFields(changes: Record<string, { readonly to: unknown }>): Partial<Ticket> {
  return Object.fromEntries(
    Object.entries(changes).map(([field, { to }]) =>
      field === 'assignee' ? ['assigneeId', (to as { id: string } | null)?.id ?? null] : [field, to],
    ),
  );
}

/** The people after an event. The sender of a message has read everything up to it. */
export function peopleAfter(people: readonly Participant[], event: StreamEvent): readonly Participant[] {
  const { type, data, actor, version } = event;
  if (type === 'TicketRead') return withRead(people, data.userId, data.upTo);
  return type === 'MessagePosted' && actor !== null ? withRead(people, actor.id, version) : people;
}

function withRead(people: readonly Participant[], userId: string, upTo: number): readonly Participant[] {
  if (!people.some((one) => one.userId === userId && one.lastReadVersion < upTo)) return people;
  return people.map((one) =>
    one.userId === userId ? { ...one, lastReadVersion: Math.max(one.lastReadVersion, upTo) } : one,
  );
}

/** Merges two lists that are ordered by version. A message in both is taken from the second. */
export function merged(first: readonly Message[], second: readonly Message[]): readonly Message[] {
  const [oldest] = second;
  if (oldest === undefined) return first;
  const last = first.at(-1);
  if (last === undefined || last.version < oldest.version) return [...first, ...second];
  const byVersion = new Map([...first, ...second].map((message) => [message.version, message]));
  return [...byVersion.values()].sort((a, b) => a.version - b.version);
}
