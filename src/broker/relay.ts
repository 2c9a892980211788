/**
 * The relay carries the log to JetStream. The process that holds an advisory lock leads; the others wait. Safety does
 * not depend on the lock: JetStream refuses any event that does not follow its last one, so a former leader does no
 * harm.
 *
 *   waiting      another process leads: try for the lock every RETRY
 *   synchronise  make the JetStream stream match the log: create it, or replace one of another epoch. If it holds more
 *                events than the log, or another event at its last position, start a new epoch first.
 *   publishing   publish batches after JetStream's last sequence: from memory if this process made the next commits,
 *                else from Postgres. Commits, hints from other processes and a timer wake it. A new epoch, started by
 *                any process, leads back to `synchronise`.
 *
 * A failure leads back to `synchronise`; a failure of the connection with the lock leads to `waiting`. The relay keeps
 * no state that JetStream and Postgres do not have. So it backfills a lost or deleted JetStream stream: `synchronise`
 * creates an empty one, and `publish` begins at position 1.
 */
import type { Logger } from 'pino';
import type { RecordedEvent } from '../domain/event.ts';
import { PING_EVERY } from '../eventlog/dedicated-connection.ts';
import { EPOCH_TOPIC } from '../eventlog/epoch-watch.ts';
import type { Appender, EventReader } from '../eventlog/event-log.ts';
import { sleep } from '../support/sleep.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { createEventStream, findEventStream, holdsEpoch, lastEvent } from './event-stream.ts';
import type { Broker } from './port.ts';
import { publishBatch } from './publisher.ts';

/** A connection to Postgres that holds the lock. `lost` is aborted when the lock may be lost. */
export interface RelayConnection extends AsyncDisposable {
  readonly lost: AbortSignal;
  tryLock(name: string): Promise<boolean>;
  ping(): Promise<void>;
}

export interface RelayOptions {
  readonly connection: BrokerConnection;
  readonly signals: Broker['signals'];
  readonly appender: Pick<Appender, 'onCommitted'>;
  readonly reader: Pick<EventReader, 'readLog' | 'head'>;
  /** Starts a new epoch unless `expected` was replaced already; returns the epoch in force. */
  renewEpoch(expected: string): Promise<string>;
  openDedicatedConnection(): Promise<RelayConnection>;
  readonly log: Logger;
  /** Called after each batch that JetStream stored. `startedAt`: when its publishing began, as `performance.now()`. */
  readonly onPublished?: (events: readonly RecordedEvent[], startedAt: number) => void;
}

export interface Relay {
  readonly leading: boolean;
  /** Position of the newest event known to be in JetStream, 0 while this process does not lead. */
  readonly position: number;
  close(): Promise<void>;
}

/** Milliseconds between two tries for the lock. */
const RETRY = 500;
/** Milliseconds without a commit or hint after which the relay reads Postgres and checks the stream. */
const IDLE = 1_000;
/** Milliseconds. */
const MAX_BACKOFF = 1_000;
const MANAGER = { checkAPI: false, timeout: 2_000 };
const MAX_BATCH = 500;
/** Events of this process kept in memory for publishing. With more, the older ones are read from Postgres instead. */
const MAX_REMEMBERED = 10_000;

/** For a process without a relay: sends a hint to the leading relay after each commit. The result ends this. */
export function hintRelay({ appender, signals }: Pick<RelayOptions, 'appender' | 'signals'>): () => void {
  return appender.onCommitted((events) => hint(signals, events));
}

function hint(signals: RelayOptions['signals'], events: readonly RecordedEvent[]): void {
  signals.publish(['log'], { position: events.at(-1)?.position });
}

export function createRelay(options: RelayOptions): Relay {
  const { connection, signals, reader, log } = options;
  const stopping = new AbortController();
  let remembered: RecordedEvent[] = [];
  let leading = false;
  let position = 0;
  /** Of the log, as of the last `synchronise`. */
  let epoch = '';
  let wake: () => void = () => undefined;
  let failures = 0;
  /** Whether Postgres may hold events that are not in `remembered`. */
  let othersCommitted = true;
  /** Whether a new epoch was signalled since the last `synchronise`. */
  let epochSignalled = false;

  const forget = options.appender.onCommitted((events) => {
    if (!leading) return hint(signals, events);
    if (remembered.length + events.length > MAX_REMEMBERED) remembered = [];
    remembered.push(...events);
    wake();
  });
  const hints = signals.subscribe(['log'], () => {
    othersCommitted = true;
    wake();
  });

  const epochs = signals.subscribe(EPOCH_TOPIC, () => {
    epochSignalled = true;
    wake();
  });

  /** Resolves when there may be something to publish, or after `ms`. */
  function woken(ms: number, signal: AbortSignal): Promise<'woken' | 'timer'> {
    return new Promise((resolve) => {
      const end = (reason: 'woken' | 'timer') => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onWoken);
        wake = () => undefined;
        resolve(reason);
      };
      const onWoken = () => end('woken');
      const timer = setTimeout(() => end('timer'), ms);
      signal.addEventListener('abort', onWoken, { once: true });
      wake = onWoken;
      if (signal.aborted || remembered.length > 0 || othersCommitted || epochSignalled) onWoken();
    });
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await using held = await options.openDedicatedConnection();
        if (await held.tryLock('relay')) await lead(held);
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'relay cannot lead');
      }
      leading = false;
      position = 0;
      remembered = [];
      await sleep(RETRY, stopping.signal);
    }
  }

  async function lead(held: RelayConnection): Promise<void> {
    const deposed = AbortSignal.any([stopping.signal, held.lost]);
    leading = true;
    log.info('relay leads');
    // Postgres closes an idle connection, so the relay sends pings all the time. A failed ping aborts `lost`.
    const alive = setInterval(() => void held.ping().catch(() => undefined), PING_EVERY);
    try {
      await publishUntil(deposed, held);
    } finally {
      clearInterval(alive);
    }
  }

  async function publishUntil(deposed: AbortSignal, held: RelayConnection): Promise<void> {
    while (!deposed.aborted) {
      try {
        position = await connection.whileConnected(synchronise());
        failures = 0;
        await publish(held, deposed);
      } catch (error) {
        if (deposed.aborted) break;
        failures += 1;
        log.warn({ err: error, failures }, 'relay starts over');
        await held.ping();
        await sleep(Math.min(MAX_BACKOFF, 50 * 2 ** failures), deposed);
      }
    }
  }

  async function publish(held: RelayConnection, deposed: AbortSignal): Promise<void> {
    othersCommitted = true;
    while (!deposed.aborted && !epochSignalled) {
      const events = fromMemory() ?? (await fromPostgres());
      if (events.length > 0) {
        const startedAt = performance.now();
        await connection.whileConnected(publishBatch(connection, epoch, events));
        options.onPublished?.(events, startedAt);
        position = (events.at(-1) as RecordedEvent).position;
      } else if ((await woken(IDLE, deposed)) === 'timer') {
        othersCommitted = true;
        await connection.whileConnected(check(held));
      }
    }
  }

  async function fromPostgres(): Promise<RecordedEvent[]> {
    if (!othersCommitted && remembered.length === 0) return [];
    othersCommitted = false;
    const events = await reader.readLog(position, MAX_BATCH);
    if (events.length === MAX_BATCH) othersCommitted = true;
    return events;
  }

  /** The next events, if this process recorded them; undefined if they must be read from Postgres. */
  function fromMemory(): RecordedEvent[] | undefined {
    const known = remembered.findIndex((event) => event.position > position);
    remembered = known < 0 ? [] : known > 0 ? remembered.slice(known) : remembered;
    if (remembered[0]?.position !== position + 1) return undefined;
    let size = 1;
    while (size < MAX_BATCH && remembered[size]?.position === position + 1 + size) size += 1;
    const events = remembered.slice(0, size);
    remembered = remembered.slice(size);
    return events;
  }

  /** Rejects if the lock's connection is lost, or the JetStream stream is not as published. For idle times. */
  async function check(held: RelayConnection): Promise<void> {
    await held.ping();
    const manager = await connection.nats.jetstreamManager(MANAGER);
    const stream = await findEventStream(manager, connection);
    const head = await reader.head();
    const matches = stream !== undefined && stream.state.last_seq === position && holdsEpoch(stream, head.epoch);
    if (!matches) throw new Error('the JetStream stream is not as it was published');
  }

  /** Makes the JetStream stream match the log; returns its last sequence. */
  async function synchronise(): Promise<number> {
    epochSignalled = false;
    const manager = await connection.nats.jetstreamManager(MANAGER);
    const stream = await findEventStream(manager, connection);
    // Read after the stream: JetStream holds committed events only, so a head behind it means that history was lost.
    const head = await reader.head();
    epoch = head.epoch;
    if (!stream) return (await createEventStream(manager, connection, epoch)).state.last_seq;
    if (holdsEpoch(stream, epoch)) {
      const { last_seq } = stream.state;
      if (last_seq <= head.position && (await agrees(last_seq))) return last_seq;
      log.error({ position: head.position, sequence: last_seq }, 'the log lost history that JetStream has seen');
      epoch = await options.renewEpoch(epoch);
      signals.publish(EPOCH_TOPIC, { epoch });
    }
    await manager.streams.delete(connection.streamName);
    return (await createEventStream(manager, connection, epoch)).state.last_seq;

    async function agrees(sequence: number): Promise<boolean> {
      if (sequence === 0) return true;
      const stored = await lastEvent(manager, connection, sequence);
      const [recorded] = await reader.readLog(sequence - 1, 1);
      return stored === undefined || stored.id === recorded?.id;
    }
  }

  const running = run();
  return {
    get leading() {
      return leading;
    },
    get position() {
      return position;
    },
    async close() {
      stopping.abort();
      forget();
      hints.close();
      epochs.close();
      await running;
    },
  };
}
