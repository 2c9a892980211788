/** Actors as the rest of Deskwire sees them: commands in, recorded events out. */
import type { RecordedEvent } from '../domain/event.ts';
import type { ReferenceCommand, ReferenceState } from '../domain/reference/decider.ts';
import type { RoomCommand, RoomState } from '../domain/room/decider.ts';
import type { TicketCommand, TicketState } from '../domain/ticket/decider.ts';
import type { UserCommand, UserState } from '../domain/user/decider.ts';
import type { UserFacts } from '../domain/user/identity.ts';

export interface ActorKinds {
  ticket: { command: TicketCommand; state: TicketState };
  user: { command: UserCommand; state: UserState };
  room: { command: RoomCommand; state: RoomState };
  reference: { command: ReferenceCommand; state: ReferenceState };
}
export type ActorKind = keyof ActorKinds;

/** Where a command comes from; recorded with its events. */
export interface CommandContext {
  /**
   * Identifies the command within its stream for ever. Build it from whom it is for and what it does
   * (`<userId>:<use>:<client's id>`), so that no user can take another's id.
   */
  readonly commandId: string;
  readonly by: UserFacts;
  readonly correlationId: string;
  readonly address?: string;
  readonly traceparent?: string;
  /** Refuse with `precondition_failed` unless the stream has this version (`If-Match`). */
  readonly ifVersion?: number;
}

export interface CommandOutcome<K extends ActorKind = ActorKind> {
  /** The events of this command, of the first time when it is a duplicate; none when there was nothing to change. */
  readonly events: readonly RecordedEvent[];
  /** The state and version of the stream after the command (or later, for a duplicate). */
  readonly state: ActorKinds[K]['state'];
  readonly version: number;
  /** Position of the last of `events`; 0 when there are none. */
  readonly position: number;
  readonly duplicate: boolean;
}

export interface ActorSystem {
  /** Rejects with the decider's DeskwireError, or `unavailable`. Resolves after the commit. */
  execute<K extends ActorKind>(
    kind: K,
    id: string,
    command: ActorKinds[K]['command'],
    context: CommandContext,
  ): Promise<CommandOutcome<K>>;
  /** The state now, of the active actor or of one activated for it. May be stale when another node owns the stream. */
  read<K extends ActorKind>(kind: K, id: string): Promise<{ state: ActorKinds[K]['state']; version: number }>;
  /** Finishes what is in the mailboxes, then passivates every actor. */
  close(): Promise<void>;
}
