/**
 * The tickets and rooms that have members in this process. The first member opens a stream. The stream stays open for a
 * while after the last member has left.
 *
 * A lost last event leaves no gap, so the cursors of streams are compared with the heads in the log: those of all
 * streams after a reconnection of the broker, and those of idle streams from time to time. Reads by several streams at
 * the same time, of events and of heads, go into one statement.
 */
import type { Broker } from '../../broker/port.ts';
import { type RecordedEvent, type Stream, streamOf } from '../../domain/event.ts';
import type { EventReader, StreamRange } from '../../eventlog/event-log.ts';
import { createBatcher } from '../../support/batcher.ts';
import { createLingering } from '../../support/lingering.ts';
import type { LiveKind } from '../dialects/joining.ts';
import type { SubscriptionOptions } from './catch-up-subscription.ts';
import { createLiveStream, type LiveStream, type LiveStreamDeps } from './live-stream.ts';

export interface LiveStreams extends Iterable<LiveStream> {
  /** Opens the stream if necessary. Release each acquisition once, even when the stream was dropped meanwhile. */
  acquire(kind: LiveKind, id: string): LiveStream;
  release(stream: LiveStream): void;
  get(kind: LiveKind, id: string): LiveStream | undefined;
  /** Reads one event from the log; undefined when there is none. */
  readEvent(kind: LiveKind, id: string, version: number): Promise<RecordedEvent | undefined>;
  /** Checks the access of the members of all streams that have references. */
  checkReferences(): void;
  /** Drops all streams. Call it when the log has a new epoch. */
  reset(): void;
  close(): void;
}

export interface LiveStreamsDeps
  extends Omit<LiveStreamDeps, 'readVersion' | 'readEvents' | 'onMemberAdded' | 'onMemberRemoved'> {
  readonly broker: Broker;
  readonly reader: Pick<EventReader, 'readStreams' | 'readVersions'>;
  onOpened(stream: LiveStream): void;
  onClosed(stream: LiveStream): void;
}

/** Milliseconds. */
interface Intervals {
  readonly linger: number;
  readonly headCheckEvery: number;
}

/** Many joins at once come as one packet each, so their reads are gathered for a whole turn of the event loop. */
const RANGES = { size: 50, concurrency: Number.POSITIVE_INFINITY, gather: 'turn' } as const;
const HEADS = { size: 1_000, concurrency: Number.POSITIVE_INFINITY, gather: 'turn' } as const;

export function createLiveStreams(
  deps: LiveStreamsDeps,
  optionsFor: (kind: LiveKind) => SubscriptionOptions,
  intervals: Intervals,
): LiveStreams {
  const readRange = createBatcher<StreamRange, RecordedEvent[]>((ranges) => deps.reader.readStreams(ranges), RANGES);
  const readHead = createBatcher<Stream, number>((streams) => deps.reader.readVersions(streams), HEADS);
  /** The number of deliveries of a stream when its head was last compared. */
  const compared = new WeakMap<LiveStream, number>();
  const streams = createLingering<Stream, LiveStream>({
    linger: intervals.linger,
    lingers: (stream) => stream.joinable,
    close(stream) {
      stream.close();
      deps.onClosed(stream);
    },
  });

  function open(kind: LiveKind, id: string): LiveStream {
    const name = streamOf(kind, id);
    const stream = createLiveStream(
      kind,
      id,
      {
        ...deps,
        readVersion: () => readHead(name),
        readEvents: (after, limit) => readRange({ stream: name, after, limit }),
        onMemberAdded: () => streams.retain(name, stream),
        onMemberRemoved: () => streams.release(name, stream),
      },
      optionsFor(kind),
    );
    // The next holder opens it again.
    stream.subscription.opened.catch(() => streams.drop(name, stream));
    deps.onOpened(stream);
    return stream;
  }

  async function compareHead(stream: LiveStream): Promise<void> {
    try {
      stream.subscription.checkHead(await readHead(nameOf(stream)));
    } catch (error) {
      deps.onError(error);
    }
  }

  function compareHeads(which: (stream: LiveStream) => boolean): void {
    for (const stream of streams) {
      if (which(stream)) void compareHead(stream);
      compared.set(stream, stream.subscription.delivered);
    }
  }

  function wasIdle(stream: LiveStream): boolean {
    return stream.subscription.delivered === (compared.get(stream) ?? 0);
  }

  const timer = setInterval(() => compareHeads(wasIdle), intervals.headCheckEvery).unref();
  const stopReconnected = deps.broker.onReconnected(() => compareHeads(() => true));

  return {
    acquire: (kind, id) => streams.acquire(streamOf(kind, id), () => open(kind, id)),
    release: (stream) => streams.release(nameOf(stream), stream),
    get: (kind, id) => streams.get(streamOf(kind, id)),
    async readEvent(kind, id, version) {
      const [event] = await readRange({ stream: streamOf(kind, id), after: version - 1, limit: 1 });
      return event?.version === version ? event : undefined;
    },
    checkReferences() {
      for (const stream of streams) if (stream.hasReferences) void stream.checkReferences().catch(deps.onError);
    },
    reset: streams.clear,
    close() {
      clearInterval(timer);
      stopReconnected();
      streams.clear();
    },
    [Symbol.iterator]: () => streams[Symbol.iterator](),
  };
}

function nameOf({ kind, id }: LiveStream): Stream {
  return streamOf(kind, id);
}
