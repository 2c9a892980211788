/**
 * The event log as the rest of Deskwire sees it. Postgres is the truth; what JetStream and the read models hold
 * follows from it.
 */
import type { NewEvent, RecordedEvent, Stream } from '../domain/event.ts';

/** The events of one or more commands for one stream, recorded together or not at all. */
export interface Append {
  readonly stream: Stream;
  /** The version that the stream must have; 0 for a stream that must not exist. */
  readonly expectedVersion: number;
  readonly events: readonly NewEvent[];
}

export type AppendOutcome =
  | { readonly outcome: 'appended'; readonly events: readonly RecordedEvent[] }
  /** Somebody else appended first; `version` is where the stream stands. */
  | { readonly outcome: 'conflict'; readonly version: number }
  /** These commands are in the stream already; nothing of this append was recorded. */
  | { readonly outcome: 'duplicate'; readonly commandIds: readonly string[] };

export interface LogHead {
  /** Position of the newest event, 0 in an empty log. */
  readonly position: number;
  /** Random; a new one says that history was replaced (a restored backup) and every cursor is void. */
  readonly epoch: string;
}

export interface StreamRange {
  readonly stream: Stream;
  /** Exclusive; 0 reads from the beginning. */
  readonly after: number;
  /** At most this many events. */
  readonly limit: number;
}

/** A command as the log knows it: unique for ever. */
export interface CommandKey {
  readonly stream: Stream;
  readonly commandId: string;
}

export interface EventReader {
  /** In version order. */
  readStream(range: StreamRange): Promise<RecordedEvent[]>;
  /** Many ranges in one statement; the results in the order asked. */
  readStreams(ranges: readonly StreamRange[]): Promise<RecordedEvent[][]>;
  /** In position order, positions after `after` (exclusive). */
  readLog(after: number, limit: number): Promise<RecordedEvent[]>;
  /** The events that a command recorded in a stream, in order; empty when it recorded none. */
  readCommand(stream: Stream, commandId: string): Promise<RecordedEvent[]>;
  /** Many commands in one statement; the results in the order asked, each as `readCommand` would give it. */
  readCommands(commands: readonly CommandKey[]): Promise<RecordedEvent[][]>;
  /** The version of each stream, 0 where it does not exist, in the order asked. */
  readVersions(streams: readonly Stream[]): Promise<number[]>;
  head(): Promise<LogHead>;
}

export interface Appender {
  /**
   * Records events. Resolves once they are durable. Rejects with DeskwireError `unavailable` when the log cannot be
   * reached: the append may then have happened, and the same command ids tell when it is tried again.
   */
  append(append: Append): Promise<AppendOutcome>;
  /** Position of the newest event that this process recorded, 0 before the first. */
  readonly lastPosition: number;
  /** Calls `listener` with each committed flush of this process, in position order, consecutive positions. */
  onCommitted(listener: (events: readonly RecordedEvent[]) => void): () => void;
  /** Refuses new appends, waits for those in flight. */
  close(): Promise<void>;
}
