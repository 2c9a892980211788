/**
 * An event log in memory with the contract of the real one. A test can hold it before an append takes effect, and after
 * that but before the answer.
 */
import { DeskwireError } from '../../../src/domain/errors.ts';
import type { NewEvent, RecordedEvent, Stream } from '../../../src/domain/event.ts';
import type { Append, AppendOutcome, CommandKey, EventReader, StreamRange } from '../../../src/eventlog/event-log.ts';

type Reads = Pick<EventReader, 'readStreams' | 'readVersions' | 'readCommands'>;

export class MemoryLog {
  readonly events: RecordedEvent[] = [];
  /** The calls of each kind with their arguments. */
  readonly asked = {
    append: [] as Append[],
    readStreams: [] as (readonly StreamRange[])[],
    readVersions: [] as (readonly Stream[])[],
    readCommands: [] as (readonly CommandKey[])[],
  };
  /** Runs before an append takes effect; may delay or reject it. */
  beforeAppend: (append: Append) => unknown = () => undefined;
  /** Runs after an append took effect; if it rejects, the answer is lost. */
  afterAppend: (append: Append) => unknown = () => undefined;
  /** Runs before a read. */
  beforeRead: () => unknown = () => undefined;

  readonly appender = {
    append: async (append: Append): Promise<AppendOutcome> => {
      this.asked.append.push(append);
      await this.beforeAppend(append);
      const outcome = this.#append(append);
      await this.afterAppend(append);
      return outcome;
    },
  };

  readonly reader: Reads = {
    readStreams: (ranges) =>
      this.#read(this.asked.readStreams, ranges, ({ stream, after, limit }) =>
        this.stream(stream)
          .filter((event) => event.version > after)
          .slice(0, limit),
      ),
    readVersions: (streams) => this.#read(this.asked.readVersions, streams, (stream) => this.stream(stream).length),
    readCommands: (commands) =>
      this.#read(this.asked.readCommands, commands, ({ stream, commandId }) =>
        this.stream(stream).filter((event) => event.metadata.commandId === commandId),
      ),
  };

  stream(stream: Stream): RecordedEvent[] {
    return this.events.filter((event) => event.stream === stream);
  }

  /** Holds the next append until it is released; `reached` resolves when the append is held. */
  holdNextAppend(): { readonly release: () => void; readonly reached: Promise<void> } {
    const door = gate();
    const arrival = gate();
    this.beforeAppend = () => {
      this.beforeAppend = () => undefined;
      arrival.open();
      return door.opened;
    };
    return { release: door.open, reached: arrival.opened };
  }

  /** Records events like another process. */
  record(stream: Stream, ...events: NewEvent[]): RecordedEvent[] {
    const expectedVersion = this.stream(stream).length;
    const outcome = this.#append({ stream, expectedVersion, events });
    if (outcome.outcome !== 'appended') throw new Error(`not recorded: ${outcome.outcome}`);
    return [...outcome.events];
  }

  #append({ stream, expectedVersion, events }: Append): AppendOutcome {
    const recorded = this.stream(stream);
    const known = new Set(recorded.map((event) => event.metadata.commandId));
    const commandIds = [...new Set(events.map((event) => event.metadata.commandId))].filter((id) => known.has(id));
    if (commandIds.length > 0) return { outcome: 'duplicate', commandIds };
    if (recorded.length !== expectedVersion) return { outcome: 'conflict', version: recorded.length };
    const added = events.map((event, index): RecordedEvent => {
      const position = this.events.length + index + 1;
      const time = new Date(Date.UTC(2030, 0, 1) + position).toISOString();
      return { ...event, position, stream, version: expectedVersion + index + 1, time };
    });
    this.events.push(...added);
    return { outcome: 'appended', events: added };
  }

  async #read<Key, Value>(
    asked: (readonly Key[])[],
    keys: readonly Key[],
    answer: (key: Key) => Value,
  ): Promise<Value[]> {
    asked.push(keys);
    await this.beforeRead();
    return keys.map(answer);
  }
}

export function unreachable(): never {
  throw new DeskwireError('unavailable', 'The event log cannot be reached', { retryAfter: 1 });
}

/** A gate that is shut until it is opened. */
export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}
