/**
 * What a live stream is about, folded up to the last event delivered: enough of it to say who may hear it. Tickets and
 * rooms differ in nothing else.
 */
import type { ActorSystem } from '../../actors/actor-system.ts';
import { mayEnterRoom, maySeeInternalNotes, maySeeTicket, type TicketRelations } from '../../domain/access.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import { roomDecider } from '../../domain/room/decider.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../domain/ticket/evolve.ts';
import { accessOf } from '../../domain/ticket/people.ts';
import type { TicketState } from '../../domain/ticket/state.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Dialect, StreamTable } from '../dialects/dialect.ts';

/** The kinds of streams that sockets can be in. */
export type LiveKind = 'ticket' | 'room';

export interface Access {
  readonly hears: boolean;
  /** Also what is internal. */
  readonly internal: boolean;
}

/** What an event may have changed for access: nothing, something in the event, or references to look up anew. */
export type Touched = 'nothing' | 'access' | 'references';

export interface Subject {
  /** Whether somebody may come back to it. */
  readonly lasting: boolean;
  /** Whether access depends on references. */
  readonly referring: boolean;
  /** Resolves with the version that it was loaded at. */
  load(): Promise<number>;
  apply(event: RecordedEvent): Touched;
  access(user: UserFacts): Access;
  /** What whoever hears nothing is told. */
  refusal(): DeskwireError;
  lookUpReferences(): Promise<void>;
}

export interface SubjectParts {
  readonly actors: Pick<ActorSystem, 'read'>;
  relations(ticket: TicketState): TicketRelations | Promise<TicketRelations>;
}

export function createSubject(kind: LiveKind, id: string, parts: SubjectParts): Subject {
  return kind === 'ticket' ? ticketSubject(id, parts) : roomSubject(id, parts);
}

export function tableOf(dialect: Dialect, kind: LiveKind): StreamTable<DomainEvent> | undefined {
  return kind === 'ticket' ? dialect.tickets : dialect.rooms;
}

const NO_RELATIONS: TicketRelations = { vendorIds: [] };

function ticketSubject(id: string, parts: SubjectParts): Subject {
  let state = initialTicket();
  let relations = NO_RELATIONS;
  const isThere = () => state.exists && !state.deleted;
  const lookUpReferences = async () => {
    relations = await parts.relations(state);
  };
  return {
    get lasting() {
      return isThere();
    },
    get referring() {
      return state.grnId !== null || state.dispatchId !== null;
    },
    async load() {
      const read = await parts.actors.read('ticket', id);
      state = read.state;
      await lookUpReferences();
      return read.version;
    },
    apply(event) {
      state = evolveTicket(state, event as RecordedEvent<TicketEvent>);
      // References are named when the ticket is opened and never again.
      if (event.type === 'TicketOpened') return 'references';
      // Posting makes a participant of somebody who saw the ticket already.
      return event.type === 'TicketRead' || event.type === 'MessagePosted' ? 'nothing' : 'access';
    },
    access(user) {
      if (!isThere()) return { hears: false, internal: false };
      const ticket = accessOf(state, relations);
      return { hears: maySeeTicket(user, ticket), internal: maySeeInternalNotes(user, ticket) };
    },
    refusal: () => new DeskwireError('not_found', 'Ticket not found', { field: 'ticketId' }),
    lookUpReferences,
  };
}

function roomSubject(name: string, parts: SubjectParts): Subject {
  let state = roomDecider.initialState();
  return {
    lasting: true,
    referring: false,
    async load() {
      const read = await parts.actors.read('room', name);
      state = read.state;
      return read.version;
    },
    apply(event) {
      state = roomDecider.evolve(state, event as RecordedEvent<RoomEvent>);
      return event.type === 'RoomConfigured' ? 'access' : 'nothing';
    },
    access: (user) => ({ hears: mayEnterRoom(user, state), internal: false }),
    refusal: () => new DeskwireError('forbidden', 'This room is private', { field: 'room' }),
    lookUpReferences: () => Promise.resolve(),
  };
}
