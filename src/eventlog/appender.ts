/**
 * The appender of a process, with group commit.
 *
 * While Postgres works on one flush, new appends collect and become the next flush. An idle appender flushes at the end
 * of the current event-loop turn. So one commit records many appends, and flushes grow when the disk is slow. Only one
 * flush is under way at a time, so this process learns of its commits in position order. The next flush is sent before
 * the appends of the last one are answered, so that Postgres does not wait. The appender keeps its connection until its
 * queue is empty.
 *
 * A flush has at most one append per stream. A second append waits for the next flush, because only then can its
 * expected version be right. A conflict or a duplicate fails that append alone. If the connection breaks, or gives no
 * answer for `patience`, it is unknown whether the flush was committed. Its appends are rejected as `unavailable`; on a
 * retry the command ids show whether they were recorded.
 */
import type { Pool, PoolClient } from 'pg';
import { DeskwireError } from '../domain/errors.ts';
import type { NewEvent, RecordedEvent, Stream } from '../domain/event.ts';
import { checkAppend, type PreparedAppend, parametersOf } from './append-parameters.ts';
import type { Append, Appender, AppendOutcome } from './event-log.ts';

export interface AppenderOptions {
  /** At most this many events in one flush. A larger append gets a flush of its own. */
  readonly maxFlushEvents: number;
  /** Events that may wait; further appends are refused as `unavailable`. */
  readonly maxQueuedEvents: number;
  /** Bytes of event data that may wait; 64 MiB when absent. */
  readonly maxQueuedBytes?: number;
  /** Milliseconds that a flush may take. Then its connection is dropped as half-open; 5,000 when absent. */
  readonly patience?: number;
  /** Called for each append that is refused because too many events or bytes wait. */
  readonly onRefused?: () => void;
  /** Called after each committed flush, for metrics. `startedAt`: when it was sent, as `performance.now()`. */
  readonly onFlush?: (events: readonly RecordedEvent[], startedAt: number) => void;
}

interface Waiting extends PreparedAppend {
  /** The size of the data. */
  readonly bytes: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A flush that was sent to Postgres. */
interface SentFlush {
  readonly flush: readonly Waiting[];
  readonly startedAt: number;
  readonly answer: Promise<AppendRow | undefined>;
}

const MAX_QUEUED_BYTES = 64 * 1024 * 1024;
const PATIENCE = 5_000;

type CommittedListener = (events: readonly RecordedEvent[]) => void;

const STATEMENT = {
  name: 'append',
  text: `select first_position, recorded_at, refused from deskwire.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
};

interface AppendRow {
  readonly first_position: string;
  readonly recorded_at: string;
  readonly refused: readonly { append: number; version: number; command_ids: readonly string[] | null }[] | null;
}

export function createAppender(pool: Pool, options: AppenderOptions): Appender {
  /** The driver accepts `query_timeout` with a statement; its types lack it. */
  const statement = { ...STATEMENT, query_timeout: options.patience ?? PATIENCE };
  const listeners = new Set<CommittedListener>();
  let queue: Waiting[] = [];
  let queuedEvents = 0;
  let queuedBytes = 0;
  let flushing = false;
  let closed = false;
  let lastPosition = 0;
  let whenIdle: (() => void) | undefined;

  function append(request: Append): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      const data = request.events.map((event) => JSON.stringify(event.data));
      const bytes = data.reduce((sum, json) => sum + Buffer.byteLength(json), 0);
      const refusal = refusalOf(request, bytes);
      if (refusal) return reject(refusal);
      queue.push({ ...request, data, bytes, resolve, reject });
      queuedEvents += request.events.length;
      queuedBytes += bytes;
      if (!flushing) {
        flushing = true;
        setImmediate(() => void flushUntilEmpty());
      }
    });
  }

  function refusalOf(request: Append, bytes: number): Error | undefined {
    if (closed) return new DeskwireError('unavailable', 'The event log is closing', { retryAfter: 1 });
    const tooMany = queuedEvents + request.events.length > options.maxQueuedEvents;
    const tooLarge = queuedBytes + bytes > (options.maxQueuedBytes ?? MAX_QUEUED_BYTES);
    if ((tooMany || tooLarge) && queuedEvents > 0) {
      options.onRefused?.();
      return new DeskwireError('unavailable', 'Too many events are waiting to be recorded', { retryAfter: 1 });
    }
    return checkAppend(request);
  }

  async function flushUntilEmpty(): Promise<void> {
    while (queue.length > 0) {
      try {
        await flushOn(await pool.connect());
      } catch (cause) {
        rejectAll(takeFlush(), cause);
      }
    }
    // In the same turn as the check of the queue: the next append starts a new run.
    flushing = false;
    whenIdle?.();
  }

  /** Flushes on one connection until the queue is empty or the connection breaks. */
  async function flushOn(client: PoolClient): Promise<void> {
    let broken: Error | undefined;
    const onError = (error: Error): undefined => {
      broken = error;
    };
    client.on('error', onError);
    let sent: SentFlush | undefined = sendFlush(client);
    while (sent) {
      const { flush, startedAt, answer }: SentFlush = sent;
      const row = await answer.catch(onError);
      sent = broken === undefined && queue.length > 0 ? sendFlush(client) : undefined;
      if (row === undefined) {
        rejectAll(flush, broken);
        continue;
      }
      const committed = settle(flush, row);
      options.onFlush?.(committed, startedAt);
    }
    client.off('error', onError);
    client.release(broken);
  }

  function sendFlush(client: PoolClient): SentFlush {
    const flush = takeFlush();
    return { flush, startedAt: performance.now(), answer: query(client, flush) };
  }

  async function query(client: PoolClient, flush: readonly Waiting[]): Promise<AppendRow | undefined> {
    const { rows } = await client.query<AppendRow>({ ...statement, values: parametersOf(flush) });
    return rows[0];
  }

  function rejectAll(flush: readonly Waiting[], cause: unknown): void {
    const error = new DeskwireError('unavailable', 'The event log cannot be reached', { retryAfter: 1, cause });
    for (const waiting of flush) waiting.reject(error);
  }

  /** Takes the longest part of the queue that fits into a flush, and at most one append per stream. */
  function takeFlush(): Waiting[] {
    const streams = new Set<Stream>();
    const flush: Waiting[] = [];
    const left: Waiting[] = [];
    let events = 0;
    let bytes = 0;
    for (const waiting of queue) {
      const fits = flush.length === 0 || events + waiting.events.length <= options.maxFlushEvents;
      if (!fits || streams.has(waiting.stream)) {
        left.push(waiting);
        streams.add(waiting.stream);
        continue;
      }
      streams.add(waiting.stream);
      flush.push(waiting);
      events += waiting.events.length;
      bytes += waiting.bytes;
    }
    queue = left;
    queuedEvents -= events;
    queuedBytes -= bytes;
    return flush;
  }

  /** Notifies the listeners, then answers every append of a committed flush. Returns the recorded events. */
  function settle(flush: readonly Waiting[], row: AppendRow): readonly RecordedEvent[] {
    const refusals = new Map(row.refused?.map((refusal) => [refusal.append, refusal]));
    const time = new Date(Number(row.recorded_at)).toISOString();
    const committed: RecordedEvent[] = [];
    const outcomes: AppendOutcome[] = [];
    let position = Number(row.first_position);
    for (const [index, waiting] of flush.entries()) {
      const refusal = refusals.get(index);
      if (refusal) {
        outcomes.push(
          refusal.command_ids
            ? { outcome: 'duplicate', commandIds: refusal.command_ids }
            : { outcome: 'conflict', version: refusal.version },
        );
        continue;
      }
      let version = waiting.expectedVersion;
      const events: RecordedEvent[] = [];
      for (const event of waiting.events) {
        version += 1;
        const recorded = recordedEvent(event, position, waiting.stream, version, time);
        position += 1;
        events.push(recorded);
        committed.push(recorded);
      }
      outcomes.push({ outcome: 'appended', events });
    }
    if (committed.length > 0) {
      lastPosition = position - 1;
      for (const listener of listeners) listener(committed);
    }
    for (const [index, waiting] of flush.entries()) waiting.resolve(outcomes[index] as AppendOutcome);
    return committed;
  }

  return {
    append,
    get lastPosition() {
      return lastPosition;
    },
    onCommitted(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closed = true;
      if (flushing) await new Promise<void>((resolve) => (whenIdle = resolve));
    },
  };
}

function recordedEvent(
  event: NewEvent,
  position: number,
  stream: Stream,
  version: number,
  time: string,
): RecordedEvent {
  // `type` and `data` of the union belong together. A literal with single fields cannot express that.
  return {
    position,
    stream,
    version,
    id: event.id,
    type: event.type,
    time,
    data: event.data,
    metadata: event.metadata,
  } as RecordedEvent;
}
