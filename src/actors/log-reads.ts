/**
 * The actors' reads of the log, batched into few statements. They reject with `unavailable` when the log cannot be
 * read.
 */
import { DeskwireError } from '../domain/errors.ts';
import type { RecordedEvent, Stream } from '../domain/event.ts';
import type { CommandKey, EventReader, StreamRange } from '../eventlog/event-log.ts';
import { createBatcher } from '../support/batcher.ts';

export interface LogReads {
  /** In version order. */
  events(range: StreamRange): Promise<RecordedEvent[]>;
  /** The version of a stream; 0 if it does not exist. */
  versionOf(stream: Stream): Promise<number>;
  /** The events that a command recorded; empty when it recorded none. */
  recordedBy(command: CommandKey): Promise<RecordedEvent[]>;
}

const RANGES = { size: 100, concurrency: 4 };
const LOOK_UPS = { size: 500, concurrency: 2 };

export function createLogReads(reader: Pick<EventReader, 'readStreams' | 'readVersions' | 'readCommands'>): LogReads {
  return {
    events: createBatcher((ranges) => reader.readStreams(ranges).catch(unreadable), RANGES),
    versionOf: createBatcher((streams) => reader.readVersions(streams).catch(unreadable), LOOK_UPS),
    recordedBy: createBatcher((commands) => reader.readCommands(commands).catch(unreadable), LOOK_UPS),
  };
}

function unreadable(cause: unknown): never {
  throw new DeskwireError('unavailable', 'The event log cannot be read', { retryAfter: 1, cause });
}
