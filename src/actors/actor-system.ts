/**
 * Actors as the rest of Deskwire sees them: commands in, recorded events out. `local-actor-system.ts` runs them in this
 * process; whoever places them on several nodes puts another ActorSystem before it.
 */
import type { Decider, DecisionContext, RecordedEvent } from '../domain/event.ts';
import type { ReferenceCommand, ReferenceState } from '../domain/reference/decider.ts';
import type { ReferenceEvent } from '../domain/reference/events.ts';
import type { RoomCommand, RoomState } from '../domain/room/decider.ts';
import type { RoomEvent } from '../domain/room/events.ts';
import type { TicketCommand, TicketContext, TicketState } from '../domain/ticket/decider.ts';
import type { TicketEvent } from '../domain/ticket/events.ts';
import type { UserCommand, UserState } from '../domain/user/decider.ts';
import type { UserEvent } from '../domain/user/events.ts';
import type { UserFacts } from '../domain/user/identity.ts';

export interface ActorKinds {
  ticket: { command: TicketCommand; state: TicketState; event: TicketEvent; context: TicketContext };
  user: { command: UserCommand; state: UserState; event: UserEvent; context: DecisionContext };
  room: { command: RoomCommand; state: RoomState; event: RoomEvent; context: DecisionContext };
  reference: { command: ReferenceCommand; state: ReferenceState; event: ReferenceEvent; context: DecisionContext };
}
export type ActorKind = keyof ActorKinds;

export type Deciders = {
  readonly [K in ActorKind]: Decider<
    ActorKinds[K]['state'],
    ActorKinds[K]['command'],
    ActorKinds[K]['event'],
    ActorKinds[K]['context']
  >;
};

/**
 * What decisions need to know beside who gives the command, for the kinds that need more: looked up for every decision,
 * so answer at once when it is known at once.
 */
export type ContextOf = {
  readonly [K in ActorKind as DecisionContext extends ActorKinds[K]['context'] ? never : K]: (
    state: ActorKinds[K]['state'],
  ) => Omit<ActorKinds[K]['context'], 'by'> | Promise<Omit<ActorKinds[K]['context'], 'by'>>;
};

/** Where a command comes from; recorded with its events. */
export interface CommandContext {
  /**
   * Identifies the command within its stream for ever. Build it from whom it is for and what it does
   * (`<userId>:<use>:<client's id>`), so that no user can take another's id.
   */
  readonly commandId: string;
  readonly by: UserFacts;
  readonly correlationId: string;
  /** Of what was asked for, when the client named the command: recorded, so that a repetition can be held against it. */
  readonly fingerprint?: string;
  readonly address?: string;
  readonly traceparent?: string;
  /** Refuse with `precondition_failed` unless the stream has this version (`If-Match`). */
  readonly ifVersion?: number;
  /**
   * Unix time in milliseconds, by the clock of the process that decides. A command that is not decided by then is refused
   * with `unavailable`, because nobody waits for it any longer.
   */
  readonly notAfter?: number;
}

/** What a command left in the log. */
export interface RecordedCommand {
  /** The events of this command, of the first time when it is a duplicate; none when there was nothing to change. */
  readonly events: readonly RecordedEvent[];
  /** The version of the stream after the command; for a duplicate it may be of later. */
  readonly version: number;
  /** Position of the last of `events`; 0 when there are none. */
  readonly position: number;
  readonly duplicate: boolean;
}

export interface CommandOutcome<K extends ActorKind = ActorKind> extends RecordedCommand {
  /**
   * The state of the stream at `version`. That of a duplicate may be of later, when whoever repeats it may no longer see
   * the stream: only `events` are theirs whatever happened since.
   */
  readonly state: ActorKinds[K]['state'];
}

export interface ActorSystem {
  /** Rejects with the decider's DeskwireError, or `unavailable`. Resolves after the commit. */
  execute<K extends ActorKind>(
    kind: K,
    id: string,
    command: ActorKinds[K]['command'],
    context: CommandContext,
  ): Promise<CommandOutcome<K>>;
  /** The same for callers who do not look at the state: it then need not travel from the node that has it. */
  record<K extends ActorKind>(
    kind: K,
    id: string,
    command: ActorKinds[K]['command'],
    context: CommandContext,
  ): Promise<RecordedCommand>;
  /** The state as new as the log at the time of asking, whichever node owns the stream. */
  read<K extends ActorKind>(kind: K, id: string): Promise<{ state: ActorKinds[K]['state']; version: number }>;
  /** Finishes what is in the mailboxes, then passivates every actor. */
  close(): Promise<void>;
}
