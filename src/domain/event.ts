/**
 * The envelope every event travels in, whatever its kind, and the names of streams.
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
  /** Identifies the command in its stream for ever: the same id again gets the first outcome. */
  readonly commandId: string;
  /** The user on whose behalf it was done, with name and role as they were then. */
  readonly actor: Actor;
  /** The request that started it; shared by everything that followed from that request. */
  readonly correlationId: string;
  /** Of what the client asked for under a key of its own: tells a repetition from another request with the same key. */
  readonly fingerprint?: string;
  /** The client's network address, when there was a client. */
  readonly address?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
}

/** An event that has been decided and not yet recorded. */
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
 * Pure decision logic of one kind of stream: `decide` turns a command into events (none, when there is nothing to
 * change) or throws a DeskwireError, `evolve` folds an event into the state. `evolve` must accept every event ever
 * recorded. The state is plain JSON, so that it can be kept as a snapshot.
 */
export interface Decider<State, Command, Event extends DomainEvent, Context extends DecisionContext = DecisionContext> {
  readonly kind: StreamKind;
  /** Raised whenever the shape of State changes: snapshots of another version are ignored. */
  readonly stateVersion: number;
  initialState(): State;
  decide(command: Command, state: State, context: Context): readonly Event[];
  evolve(state: State, event: RecordedEvent<Event>): State;
  /** What `If-Match` is compared with; the version of the stream when absent. */
  revisionOf?(state: State): number;
}

/** What a decision may know beside command and state. */
export interface DecisionContext {
  /** Who gives the command. */
  readonly by: UserFacts;
}

export function streamOf(kind: StreamKind, id: string): Stream {
  return `${kind}.${id}`;
}

/** The kind and id of a stream's name. Throws RangeError for anything that `streamOf` cannot have made. */
export function parseStream(stream: string): { kind: StreamKind; id: string } {
  const dot = stream.indexOf('.');
  const kind = stream.slice(0, dot);
  if (dot < 1 || (kind !== 'ticket' && kind !== 'user' && kind !== 'room' && kind !== 'reference')) {
    throw new RangeError(`not a stream: ${stream}`);
  }
  return { kind, id: stream.slice(dot + 1) };
}
