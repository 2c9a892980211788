/**
 * One stream as a test sees it: commands are decided, their events recorded and folded, in memory. Times are made up,
 * one second after the other.
 */
import type { TicketRelations } from '../../../src/domain/access.ts';
import { DeskwireError } from '../../../src/domain/errors.ts';
import type { Decider, DecisionContext, DomainEvent, RecordedEvent, StreamKind } from '../../../src/domain/event.ts';
import { streamOf } from '../../../src/domain/event.ts';
import {
  type TicketCommand,
  type TicketContext,
  type TicketState,
  ticketDecider,
} from '../../../src/domain/ticket/decider.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';

export interface History<State, Command, Event extends DomainEvent, Context extends DecisionContext> {
  readonly events: readonly RecordedEvent<Event>[];
  readonly state: State;
  /** Decides and records; the new events. Throws what the decider throws, and then records nothing. */
  do(command: Command, context: Context): readonly RecordedEvent<Event>[];
  /** Records what happened without asking the decider. */
  record(event: Event, by: UserFacts): RecordedEvent<Event>;
}

export function historyOf<State, Command, Event extends DomainEvent, Context extends DecisionContext>(
  decider: Decider<State, Command, Event, Context>,
  id: string,
): History<State, Command, Event, Context> {
  const events: RecordedEvent<Event>[] = [];
  let state = decider.initialState();
  const history = {
    events,
    get state() {
      return state;
    },
    do: (command: Command, context: Context) =>
      decider.decide(command, state, context).map((event) => history.record(event, context.by)),
    record: (event: Event, by: UserFacts) => {
      const recorded = recordedAs(event, { kind: decider.kind, id, version: events.length + 1, by });
      events.push(recorded);
      state = decider.evolve(state, recorded);
      return recorded;
    },
  };
  return history;
}

function recordedAs<Event extends DomainEvent>(
  event: Event,
  { kind, id, version, by }: { kind: StreamKind; id: string; version: number; by: UserFacts },
): RecordedEvent<Event> {
  return {
    ...event,
    stream: streamOf(kind, id),
    version,
    position: version,
    id: `event-${version}`,
    time: timeOf(version),
    metadata: {
      commandId: `command-${version}`,
      correlationId: `request-${version}`,
      actor: { id: by.id, name: by.name, role: by.role },
    },
  };
}

export function timeOf(version: number): string {
  return new Date(Date.UTC(2025, 0, 1) + version * 1000).toISOString();
}

export function foldAll<State, Command, Event extends DomainEvent, Context extends DecisionContext>(
  decider: Decider<State, Command, Event, Context>,
  events: readonly RecordedEvent<Event>[],
  from: State = decider.initialState(),
): State {
  return events.reduce((state, event) => decider.evolve(state, event), from);
}

/** The refusal of a decision that must be refused. */
export function refusalOf(decision: () => unknown): DeskwireError {
  try {
    decision();
  } catch (error) {
    if (error instanceof DeskwireError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

export const NO_RELATIONS: TicketRelations = { vendorIds: [] };
/** Of a ticket about a GRN of the vendor of people.ts, verified by the ops user there. */
export const GRN_RELATIONS: TicketRelations = { vendorIds: ['vendor-1'], grnVerifiedBy: '6' };

/** A ticket whose relations are those given, and which is spoken to by one person at a time. */
export interface Ticket extends Omit<History<TicketState, TicketCommand, TicketEvent, TicketContext>, 'do'> {
  as(by: UserFacts, command: TicketCommand): readonly RecordedEvent<TicketEvent>[];
  /** What the events of a command are, without their envelopes. */
  decided(by: UserFacts, command: TicketCommand): readonly TicketEvent[];
  refusal(by: UserFacts, command: TicketCommand): DeskwireError;
}

export function ticketOf(relations: TicketRelations = NO_RELATIONS, id = 'ticket-1'): Ticket {
  const history = historyOf(ticketDecider, id);
  const as = (by: UserFacts, command: TicketCommand) => history.do(command, { by, relations });
  return {
    get events() {
      return history.events;
    },
    get state() {
      return history.state;
    },
    record: history.record,
    as,
    decided: (by, command) => as(by, command).map(({ type, data }) => ({ type, data }) as TicketEvent),
    refusal: (by, command) => refusalOf(() => as(by, command)),
  };
}
