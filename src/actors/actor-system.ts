/**
 * The interface of the actors: commands in, recorded events out. `local-actor-system.ts` runs the actors of this
 * process. `placement/placed-actor-system.ts` implements the same interface and forwards commands to other nodes.
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
 * Looks up the decision context beside the author, for the kinds that need one. It is called for every decision, so it
 * returns a promise only if the answer is not in memory.
 */
export type ContextOf = {
  readonly [K in ActorKind as DecisionContext extends ActorKinds[K]['context'] ? never : K]: (
    state: ActorKinds[K]['state'],
  ) => Omit<ActorKinds[K]['context'], 'by'> | Promise<Omit<ActorKinds[K]['context'], 'by'>>;
};

/** The origin of a command; recorded with its events. */
export interface CommandContext {
  /**
   * Identifies the command within its stream for ever. It is made of user, use and client's key
   * (`<userId>:<use>:<key>`), so that no user can take the id of another user's command.
   */
  readonly commandId: string;
  readonly by: UserFacts;
  readonly correlationId: string;
  /** A hash of the request, if the client named the command. A retry with another fingerprint can then be refused. */
  readonly fingerprint?: string;
  readonly address?: string;
  readonly traceparent?: string;
  /** The command is refused with `precondition_failed` unless the stream has this revision (`If-Match`). */
  readonly ifRevision?: number;
  /**
   * Unix time in milliseconds, by the clock of the process that decides. Later the command is refused with
   * `unavailable`, because the caller no longer waits for the answer.
   */
  readonly notAfter?: number;
}

/** The result of a command in the log. */
export interface RecordedCommand {
  /** The events that this command recorded, now or, for a duplicate, the first time; none if nothing had to change. */
  readonly events: readonly RecordedEvent[];
  /** The version of the stream after the command; of a duplicate, possibly a later version. */
  readonly version: number;
  /** Position of the last of `events`; 0 when there are none. */
  readonly position: number;
  readonly duplicate: boolean;
}

export interface CommandOutcome<K extends ActorKind = ActorKind> extends RecordedCommand {
  /**
   * The state of the stream at `version`. For a duplicate that may be a later state, which the user may no longer see.
   * A caller must check access before it shows the state; the user may always see `events`.
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
  /** As `execute`, without the state: another node then does not have to send it. */
  record<K extends ActorKind>(
    kind: K,
    id: string,
    command: ActorKinds[K]['command'],
    context: CommandContext,
  ): Promise<RecordedCommand>;
  /** The state, as new as the log at the time of the call, whichever node owns the stream. */
  read<K extends ActorKind>(kind: K, id: string): Promise<{ state: ActorKinds[K]['state']; version: number }>;
  /** Finishes the commands in the mailboxes, then passivates all actors. */
  close(): Promise<void>;
}
