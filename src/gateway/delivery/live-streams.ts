/**
 * The tickets and rooms that this process has members in. The first member acquires a stream, the last one releases it,
 * and it stays a moment longer, because who leaves a page often comes back. What all of them read from the log at the same
 * time goes into one statement; so do the comparisons of their heads, which find a last event that was lost: after each
 * reconnection of the broker for all, from time to time for those that were idle.
 */
import type { Broker } from '../../broker/port.ts';
import { type RecordedEvent, type Stream, streamOf } from '../../domain/event.ts';
import type { EventReader, StreamRange } from '../../eventlog/event-log.ts';
import { batched } from './batch.ts';
import type { FeedOptions } from './catch-up-subscription.ts';
import { createLiveStream, type LiveStream, type LiveStreamParts } from './live-stream.ts';
import type { LiveKind } from './stream-access.ts';

export interface LiveStreams extends Iterable<LiveStream> {
  /** Every acquisition is released once, whatever became of the stream. */
  acquire(kind: LiveKind, id: string): LiveStream;
  release(stream: LiveStream): void;
  get(kind: LiveKind, id: string): LiveStream | undefined;
  /** One event as the log has it; undefined when there is none. */
  readEvent(kind: LiveKind, id: string, version: number): Promise<RecordedEvent | undefined>;
  /** Those that point at references. */
  checkReferences(): void;
  /** Drops every stream: the log is another one now. */
  reset(): void;
  close(): void;
}

export interface LiveStreamsParts
  extends Omit<LiveStreamParts, 'readVersion' | 'readEvents' | 'onMemberAdded' | 'onMemberRemoved'> {
  readonly broker: Broker;
  readonly reader: Pick<EventReader, 'readStreams' | 'readVersions'>;
  onAcquired(stream: LiveStream): void;
  onReleased(stream: LiveStream): void;
}

/** Milliseconds. */
interface Paces {
  readonly linger: number;
  readonly headCheckEvery: number;
}

interface Held {
  readonly stream: LiveStream;
  holders: number;
  /** `delivered` when its head was last compared. */
  looked: number;
  lingering: NodeJS.Timeout | undefined;
}

const RANGES_AT_ONCE = 50;
const HEADS_AT_ONCE = 1_000;

export function createLiveStreams(
  parts: LiveStreamsParts,
  optionsFor: (kind: LiveKind) => FeedOptions,
  paces: Paces,
): LiveStreams {
  const held = new Map<Stream, Held>();
  const readRange = batched<StreamRange, RecordedEvent[]>((ranges) => parts.reader.readStreams(ranges), RANGES_AT_ONCE);
  const readHead = batched<Stream, number>((streams) => parts.reader.readVersions(streams), HEADS_AT_ONCE);

  function open(kind: LiveKind, id: string): Held {
    const name = streamOf(kind, id);
    const stream = createLiveStream(
      kind,
      id,
      {
        ...parts,
        readVersion: () => readHead(name),
        readEvents: (after, limit) => readRange({ stream: name, after, limit }),
        onMemberAdded: () => {
          entry.holders += 1;
        },
        onMemberRemoved: () => release(stream),
      },
      optionsFor(kind),
    );
    const entry: Held = { stream, holders: 0, looked: 0, lingering: undefined };
    held.set(name, entry);
    // One that could not be opened is of no use to the next who asks.
    stream.feed.opened.catch(() => drop(entry));
    parts.onAcquired(stream);
    return entry;
  }

  function drop(entry: Held): void {
    const name = nameOf(entry.stream);
    if (held.get(name) !== entry) return;
    clearTimeout(entry.lingering);
    held.delete(name);
    entry.stream.close();
    parts.onReleased(entry.stream);
  }

  function release(stream: LiveStream): void {
    const entry = held.get(nameOf(stream));
    if (entry?.stream !== stream) return;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    if (stream.lasting) entry.lingering = setTimeout(drop, paces.linger, entry).unref();
    else drop(entry);
  }

  async function compareHead(entry: Held): Promise<void> {
    const { stream } = entry;
    entry.looked = stream.feed.delivered;
    try {
      stream.feed.checkHead(await readHead(nameOf(stream)));
    } catch (error) {
      parts.onError(error);
    }
  }

  function compareHeads(which: (entry: Held) => boolean): void {
    for (const entry of held.values()) {
      if (which(entry)) void compareHead(entry);
      else entry.looked = entry.stream.feed.delivered;
    }
  }

  function reset(): void {
    for (const entry of [...held.values()]) drop(entry);
  }

  const timer = setInterval(() => {
    compareHeads(({ stream, looked }) => stream.feed.delivered === looked);
  }, paces.headCheckEvery).unref();
  const stopReconnected = parts.broker.onReconnected(() => compareHeads(() => true));

  return {
    acquire(kind, id) {
      const entry = held.get(streamOf(kind, id)) ?? open(kind, id);
      clearTimeout(entry.lingering);
      entry.holders += 1;
      return entry.stream;
    },
    release,
    get: (kind, id) => held.get(streamOf(kind, id))?.stream,
    async readEvent(kind, id, version) {
      const [event] = await readRange({ stream: streamOf(kind, id), after: version - 1, limit: 1 });
      return event?.version === version ? event : undefined;
    },
    checkReferences() {
      for (const { stream } of held.values()) {
        if (stream.referring) void stream.checkReferences().catch(parts.onError);
      }
    },
    reset,
    close() {
      clearInterval(timer);
      stopReconnected();
      reset();
    },
    *[Symbol.iterator]() {
      for (const { stream } of held.values()) yield stream;
    },
  };
}

function nameOf({ kind, id }: LiveStream): Stream {
  return streamOf(kind, id);
}
