/**
 * The access to a live stream: the state of the ticket or room up to the last event delivered, and the decision who may
 * receive its events. Everything else about live streams is the same for tickets and rooms.
 */
import type { Application } from '../../application/application.ts';
import { getRoomState } from '../../application/rooms.ts';
import { getTicketState } from '../../application/tickets.ts';
import { mayEnterRoom, maySeeInternalNotes, maySeeTicket, type TicketRelations } from '../../domain/access.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { DomainEvent, RecordedEvent } from '../../domain/event.ts';
import { roomDecider } from '../../domain/room/decider.ts';
import type { RoomEvent } from '../../domain/room/events.ts';
import type { TicketEvent } from '../../domain/ticket/events.ts';
import { evolveTicket, initialTicket } from '../../domain/ticket/evolve.ts';
import { accessOf } from '../../domain/ticket/people.ts';
import { type View, viewOf } from '../../domain/ticket/public-view.ts';
import type { TicketState } from '../../domain/ticket/state.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Dialect, StreamTable } from '../dialects/dialect.ts';
import type { LiveKind } from '../dialects/joining.ts';

export interface Access {
  /** Whether the user receives events at all. */
  readonly receives: boolean;
  /** Whether the user receives internal notes. */
  readonly internal: boolean;
  /** The numbering of the versions that the user sees. A room has one. */
  readonly view: View;
}

/** The effect of an event on access: none, a possible change, or references that must be looked up again. */
export type AccessEffect = 'nothing' | 'access' | 'references';

export interface StreamAccess {
  /** False for a stream that nobody can join: its ticket does not exist, or was deleted. */
  readonly joinable: boolean;
  /** Whether access depends on references (GRN, dispatch). */
  readonly hasReferences: boolean;
  /** Loads the state. Resolves with its version. */
  load(): Promise<number>;
  /** Folds the next event into the state. */
  apply(event: RecordedEvent): AccessEffect;
  access(user: UserFacts): Access;
  /** The versions of the events that only staff may see, up to the last event folded. */
  readonly internalVersions: readonly number[];
  /** The error for a user without access. */
  refusal(): DeskwireError;
  lookUpReferences(): Promise<void>;
}

export interface StreamAccessDeps {
  readonly application: Application;
  relations(ticket: TicketState): TicketRelations | Promise<TicketRelations>;
}

export function createStreamAccess(kind: LiveKind, id: string, deps: StreamAccessDeps): StreamAccess {
  return kind === 'ticket' ? ticketAccess(id, deps) : roomAccess(id, deps);
}

export function tableOf(dialect: Dialect, kind: LiveKind): StreamTable<DomainEvent> | undefined {
  return kind === 'ticket' ? dialect.tickets : dialect.rooms;
}

const NO_RELATIONS: TicketRelations = { vendorIds: [] };

function ticketAccess(id: string, deps: StreamAccessDeps): StreamAccess {
  let state = initialTicket();
  let relations = NO_RELATIONS;
  const isThere = () => state.exists && !state.deleted;
  const lookUpReferences = async () => {
    relations = await deps.relations(state);
  };
  return {
    get joinable() {
      return isThere();
    },
    get hasReferences() {
      return state.grnId !== null || state.dispatchId !== null;
    },
    async load() {
      const read = await getTicketState(deps.application, id);
      state = read.state;
      await lookUpReferences();
      return read.version;
    },
    apply(event) {
      state = evolveTicket(state, event as RecordedEvent<TicketEvent>);
      // Only the first event of a ticket has references.
      if (event.type === 'TicketOpened') return 'references';
      // `MessagePosted` gives no access: whoever posts had it before.
      return event.type === 'TicketRead' || event.type === 'MessagePosted' ? 'nothing' : 'access';
    },
    access(user) {
      const view = viewOf(user);
      if (!isThere()) return { receives: false, internal: false, view };
      const ticket = accessOf(state, relations);
      return { receives: maySeeTicket(user, ticket), internal: maySeeInternalNotes(user, ticket), view };
    },
    get internalVersions() {
      return state.internalVersions;
    },
    refusal: () => new DeskwireError('not_found', 'Ticket not found', { field: 'ticketId' }),
    lookUpReferences,
  };
}

function roomAccess(name: string, deps: StreamAccessDeps): StreamAccess {
  let state = roomDecider.initialState();
  return {
    joinable: true,
    hasReferences: false,
    async load() {
      const read = await getRoomState(deps.application, name);
      state = read.state;
      return read.version;
    },
    apply(event) {
      state = roomDecider.evolve(state, event as RecordedEvent<RoomEvent>);
      return event.type === 'RoomConfigured' ? 'access' : 'nothing';
    },
    access: (user) => ({ receives: mayEnterRoom(user, state), internal: false, view: 'public' }),
    internalVersions: [],
    refusal: () => new DeskwireError('forbidden', 'This room is private', { field: 'room' }),
    lookUpReferences: () => Promise.resolve(),
  };
}
