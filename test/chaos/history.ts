/**
 * Everything that a chaos run saw, written down: what clients asked and were told, what they were sent, and what the
 * system holds at the end, when nothing is under way any more. The checker reads nothing else.
 */
import type { RecordedEvent, Stream } from '../../src/domain/event.ts';

export type CommandKind = 'open' | 'post' | 'note' | 'read' | 'assign' | 'say' | 'configure' | 'clear' | 'see';

/** One try to have a command carried out. Times are milliseconds since the run began. */
export interface Attempt {
  readonly node: string;
  readonly at: number;
  readonly endedAt: number;
  /** `unknown`: no answer, or one that says to try again. */
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  /** Why it was refused, or what became of it. */
  readonly detail?: string;
}

/** Something that a client wanted once, and asked for until it was answered. */
export interface Command {
  /** What it is repeated under, and in the text of what it records. */
  readonly key: string;
  readonly kind: CommandKind;
  /** Undefined until a ticket that is being opened has its id. */
  stream: Stream | undefined;
  readonly by: string;
  readonly attempts: Attempt[];
  /** What the answer said, where it says so. */
  version?: number;
  /** Of an `assign` the assignee, of a `read` the version. */
  readonly value?: string | number;
}

/** What a client holds, from the moment on when it began afresh. */
export interface Segment {
  /** As the client was shown it. */
  epoch: string | undefined;
  /** Of a ticket or room the version, of an inbox the seq, that what it loaded contains. */
  base: number;
  readonly frames: Frame[];
}

/** One thing that a client was sent and applied. */
export interface Frame {
  readonly version: number;
  /** Of the event or message or notification. */
  readonly id: string;
}

export type Dialect = 'stream' | 'chat' | 'notifications';

/** What one client was told of one stream, on whichever connections. */
export interface Following {
  readonly client: string;
  readonly dialect: Dialect;
  /** `user.<id>` stands for an inbox. */
  readonly stream: Stream;
  readonly viewer: { readonly id: string; readonly staff: boolean };
  readonly segments: Segment[];
  /** Whether it followed to the end of the run, and must have everything. */
  complete: boolean;
}

/** A database that was put back to an older state: what was recorded after `position` is gone. */
export interface Restore {
  readonly position: number;
  /** Milliseconds since the run began: until then, answers may tell of what is gone. */
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
  /** As it is at the end, in the order of position. */
  readonly log: readonly RecordedEvent[];
  readonly head: number;
  /** What JetStream holds, in the order of its sequence. */
  readonly jetstream: readonly { readonly sequence: number; readonly event: RecordedEvent }[];
  readonly projections: {
    readonly serving: Tables;
    readonly rebuilt: Tables;
    readonly parked: number;
    /** Why they cannot be built from the log at all. */
    readonly failure?: string;
  };
  /** As the read models tell. */
  readonly unread: readonly UnreadOf[];
  readonly unreadNotifications: Readonly<Record<string, number>>;
  readonly unseenNotifications: Readonly<Record<string, number>>;
}

/** Something that must never be. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

/** Objects to what it sees wrong in a history, or to nothing. */
export interface Rule {
  readonly name: string;
  /** What is wrong, in words. */
  check(history: History): readonly string[];
}
