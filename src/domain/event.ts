/**
 * The envelope of every event, and the names of streams.
 *
 * An event is recorded once, in one stream, and gets two numbers: `version`, its place in its stream, and
 * `position`, its place in the whole log. Both start at 1 and have no gaps.
 */
import type { ReferenceEvent } from './reference/events.ts';
import type { RoomEvent } from './room/events.ts';
import type { TicketEvent } from './ticket/events.ts';
import type { UserEvent } from './user/events.ts';
import type { Actor, UserFacts } from './user/identity.ts';

export type StreamKind = 'ticket' | 'user' | 'room' | 'reference';

/** `<kind>.<id>`. The id may hold any character; the kind holds no dot, so the first dot separates them. */
export type Stream = `${StreamKind}.${string}`;

export type DomainEvent = TicketEvent | UserEvent | RoomEvent | ReferenceEvent;

/** Who caused an event, by which command, and from where. */
export interface EventMetadata {
  /** Identifies the command in its stream. A command with the same id gets the first outcome, at any time. */
  readonly commandId: string;
  /** The user for whom the command ran, with the name and role of that moment. */
  readonly actor: Actor;
  /** The request that caused the event. All events that followed from one request share it. */
  readonly correlationId: string;
  /** A hash of the request, when the client gave a key. It tells a repetition from another request with that key. */
  readonly fingerprint?: string;
  /** The client's network address, when there was a client. */
  readonly address?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
}

/** An event that was decided and is not recorded yet. */
export type NewEvent<E extends DomainEvent = DomainEvent> = E & {
  /** UUID, unique over the log. */
  readonly id: string;
  readonly metadata: EventMetadata;
};

/** An event as the log holds it. `time` is RFC 3339 UTC. */
export type RecordedEvent<E extends DomainEvent = DomainEvent> = E & {
  readonly position: number;
  readonly stream: Stream;
  readonly version: number;
  readonly id: string;
  readonly time: string;
  readonly metadata: EventMetadata;
};

/**
 * The pure logic of one kind of stream. `decide` turns a command into events, or throws a DeskwireError; it returns no
 * event when there is nothing to change. `evolve` folds an event into the state, and must accept every event that was
 * ever recorded. The state is plain JSON, so that it can be kept as a snapshot.
 */
export interface Decider<State, Command, Event extends DomainEvent, Context extends DecisionContext = DecisionContext> {
  readonly kind: StreamKind;
  /** Raise it when the shape of State changes: snapshots of another version are ignored. */
  readonly stateVersion: number;
  initialState(): State;
  decide(command: Command, state: State, context: Context): readonly Event[];
  evolve(state: State, event: RecordedEvent<Event>): State;
  /** The value that `If-Match` is compared with; the version of the stream when absent. */
  revisionOf?(state: State): number;
}

/** The facts that a decision may use beside command and state. */
export interface DecisionContext {
  /** The author of the command. */
  readonly by: UserFacts;
}

export function streamOf(kind: StreamKind, id: string): Stream {
  return `${kind}.${id}`;
}

/** Returns the kind and id in a stream's name. Throws RangeError for a name that `streamOf` cannot have made. */
export function parseStream(stream: string): { kind: StreamKind; id: string } {
  const dot = stream.indexOf('.');
  const kind = stream.slice(0, dot);
  if (dot < 1 || (kind !== 'ticket' && kind !== 'user' && kind !== 'room' && kind !== 'reference')) {
    throw new RangeError(`not a stream: ${stream}`);
  }
  return { kind, id: stream.slice(dot + 1) };
}
