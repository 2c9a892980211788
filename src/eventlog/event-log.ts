/**
 * The interface of the event log. The log in Postgres is the only truth; JetStream and the read models are derived from
 * it.
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
  /** Another append came first; `version` is the current version of the stream. */
  | { readonly outcome: 'conflict'; readonly version: number }
  /** The stream has these commands already; no event of this append was recorded. */
  | { readonly outcome: 'duplicate'; readonly commandIds: readonly string[] };

export interface LogHead {
  /** Position of the newest event, 0 in an empty log. */
  readonly position: number;
  /** A random id. A new one means that history was replaced (a restored backup) and all cursors are void. */
  readonly epoch: string;
}

export interface StreamRange {
  readonly stream: Stream;
  /** Exclusive; 0 reads from the beginning. */
  readonly after: number;
  /** At most this many events. */
  readonly limit: number;
}

/** Identifies a command in the log for ever. */
export interface CommandKey {
  readonly stream: Stream;
  readonly commandId: string;
}

export interface EventReader {
  /** In version order. */
  readStream(range: StreamRange): Promise<RecordedEvent[]>;
  /** Reads many ranges in one statement; the results are in the order of `ranges`. */
  readStreams(ranges: readonly StreamRange[]): Promise<RecordedEvent[][]>;
  /** In position order, positions after `after` (exclusive). */
  readLog(after: number, limit: number): Promise<RecordedEvent[]>;
  /** The events that a command recorded in a stream, in order; empty when it recorded none. */
  readCommand(stream: Stream, commandId: string): Promise<RecordedEvent[]>;
  /** As `readCommand`, for many commands in one statement; the results are in the order of `commands`. */
  readCommands(commands: readonly CommandKey[]): Promise<RecordedEvent[][]>;
  /** The version of each stream in the order of `streams`; 0 for a stream that does not exist. */
  readVersions(streams: readonly Stream[]): Promise<number[]>;
  head(): Promise<LogHead>;
}

export interface Appender {
  /**
   * Records events. Resolves when they are durable. Rejects with DeskwireError `unavailable` when the log cannot be
   * reached. The append may have been recorded then: a retry with the same command ids shows it.
   */
  append(append: Append): Promise<AppendOutcome>;
  /** Position of the newest event that this process recorded, 0 before the first. */
  readonly lastPosition: number;
  /** Calls `listener` with each committed flush of this process. Positions are consecutive and in order. */
  onCommitted(listener: (events: readonly RecordedEvent[]) => void): () => void;
  /** Refuses new appends, and resolves when the waiting ones are answered. */
  close(): Promise<void>;
}
