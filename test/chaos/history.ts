/**
 * The record of a chaos run: the commands of clients and their answers, the events that clients received, and the state
 * of the system at the end, at rest. The checker reads nothing else.
 */
import type { RecordedEvent, Stream } from '../../src/domain/event.ts';

export type CommandKind = 'open' | 'post' | 'note' | 'read' | 'assign' | 'say' | 'configure' | 'clear' | 'see';

/** One attempt of a command. Times are in milliseconds since the run began. */
export interface Attempt {
  readonly node: string;
  readonly at: number;
  readonly endedAt: number;
  /** `unknown`: there was no answer, or one that asks the client to try again. */
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  /** The reason of a refusal or of an unknown outcome. */
  readonly detail?: string;
}

/** A command that a client sent until it was answered. */
export interface Command {
  /** The idempotency key of all attempts, which is also part of the recorded text. */
  readonly key: string;
  readonly kind: CommandKind;
  /** Undefined until a ticket that is being opened has its id. */
  stream: Stream | undefined;
  readonly by: string;
  readonly attempts: Attempt[];
  /** The version in the answer, if it has one. */
  version?: number;
  /** The assignee of an `assign`, the version of a `read`. */
  readonly value?: string | number;
}

/** The events that a client applied since it last loaded its state. */
export interface Segment {
  /** The epoch that the client received. */
  epoch: string | undefined;
  /** The version of the loaded ticket or room, or the seq of the loaded inbox. */
  base: number;
  readonly frames: Frame[];
}

/** An event that a client received and applied. */
export interface Frame {
  readonly version: number;
  /** The id of the event, message or notification. */
  readonly id: string;
}

export type Dialect = 'stream' | 'chat' | 'notifications';

/** The events that one client received of one stream, over all its connections. */
export interface Following {
  readonly client: string;
  readonly dialect: Dialect;
  /** `user.<id>` stands for an inbox. */
  readonly stream: Stream;
  readonly viewer: { readonly id: string; readonly staff: boolean };
  readonly segments: Segment[];
  /** Whether the client followed to the end of the run, and so must have every event. */
  complete: boolean;
}

/** A restore of an older backup: the events after `position` are lost. */
export interface Restore {
  readonly position: number;
  /** Milliseconds since the run began. Until then answers may come from the lost history. */
  readonly until: number;
}

export interface UnreadOf {
  readonly ticketId: string;
  readonly userId: string;
  readonly unread: number;
}

/** Rows as text, by table. */
export type Tables = Readonly<Record<string, readonly string[]>>;

export interface History {
  readonly commands: readonly Command[];
  readonly followings: readonly Following[];
  readonly restores: readonly Restore[];
  /** Every epoch that the log had, in order. */
  readonly epochs: readonly string[];
  /** The log at the end of the run, in order of position. */
  readonly log: readonly RecordedEvent[];
  readonly head: number;
  /** The messages of JetStream, in order of sequence. */
  readonly jetstream: readonly { readonly sequence: number; readonly event: RecordedEvent }[];
  readonly projections: {
    readonly serving: Tables;
    readonly rebuilt: Tables;
    readonly parked: number;
    /** The error of a rebuild that failed. */
    readonly failure?: string;
  };
  /** The counts of the read models. */
  readonly unread: readonly UnreadOf[];
  readonly unreadNotifications: Readonly<Record<string, number>>;
  readonly unseenNotifications: Readonly<Record<string, number>>;
}

/** A broken rule. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** A rule that every history must keep. */
export interface Rule {
  readonly name: string;
  /** Returns a sentence for each violation. */
  check(history: History): readonly string[];
}
