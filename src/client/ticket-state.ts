/**
 * What a client knows of a ticket, and how each event changes it: pure, and the same whether an event was missed and
 * replayed or came live. Every change makes a new object, so that user interfaces can compare by identity.
 */
import type { FollowStatus } from './follower.ts';
import type { Message, OutgoingMessage, Participant, StreamEvent, Ticket } from './types.ts';

export interface Person {
  readonly userId: string;
  readonly userName: string;
}

export interface TicketState {
  readonly status: FollowStatus;
  /** Undefined while it is not loaded, and when this user may not see it. */
  readonly ticket: Ticket | undefined;
  /** Without a gap, oldest first: the latest ones, and as many older ones as `loadOlder` brought. */
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  /** Of this client, in the order posted, and not among `messages` yet. */
  readonly outgoing: readonly OutgoingMessage[];
  /** Requester, assignee and participants: who is online, and how far each has read. */
  readonly people: readonly Participant[];
  /** Others who are typing now. */
  readonly typing: readonly Person[];
}

export const NOTHING: TicketState = {
  status: 'loading',
  ticket: undefined,
  messages: [],
  hasOlder: false,
  outgoing: [],
  people: [],
  typing: [],
};

/** Those who are new to the list of people, or no longer on it, are told by the list only. */
export function changesPeople({ type }: StreamEvent): boolean {
  return type === 'TicketChanged' || type === 'ParticipantAdded' || type === 'ParticipantRemoved';
}

/** What an event does to the ticket itself. `messages` and `people` have functions of their own. */
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

/** Whoever posts has read everything up to there. */
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

/** Both in order of version; what both have is taken from the second. */
export function merged(first: readonly Message[], second: readonly Message[]): readonly Message[] {
  const [oldest] = second;
  if (oldest === undefined) return first;
  const last = first.at(-1);
  if (last === undefined || last.version < oldest.version) return [...first, ...second];
  const byVersion = new Map([...first, ...second].map((message) => [message.version, message]));
  return [...byVersion.values()].sort((a, b) => a.version - b.version);
}
