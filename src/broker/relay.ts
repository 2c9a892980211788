/**
 * The relay carries the log to JetStream. One process at a time leads: whoever holds the session lock. The lock is a
 * convenience; what keeps a deposed leader harmless is that JetStream refuses any event that does not continue it.
 *
 *   waiting      another process leads: try for the lock every RETRY
 *   synchronise  make the JetStream stream fit the log: create it, replace one of another epoch, and, when it has seen
 *                more than the log holds or something else at the same position, start a new epoch
 *   publishing   from JetStream's last sequence on, in batches: from memory when this process made the next commits,
 *                else from Postgres; woken by commits, by hints from other processes, and by a timer; a new epoch,
 *                whoever began it, leads back to `synchronise`
 *
 * Any failure leads back to `synchronise` (or to `waiting`, when it was the session's). Nothing is remembered that
 * JetStream or Postgres does not say, so a lost or deleted stream simply fills again.
 */
import type { Logger } from 'pino';
import type { RecordedEvent } from '../domain/event.ts';
import { PING_EVERY } from '../eventlog/dedicated-connection.ts';
import { EPOCH_TOPIC } from '../eventlog/epoch-watch.ts';
import type { Appender, EventReader } from '../eventlog/event-log.ts';
import { rest } from '../support/sleep.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { createEventStream, findEventStream, holdsEpoch, lastEvent } from './event-stream.ts';
import type { Broker } from './port.ts';
import { publishBatch } from './publisher.ts';

/** A connection to Postgres that holds the lock; `lost` is aborted when the lock may be gone. */
export interface RelaySession extends AsyncDisposable {
  readonly lost: AbortSignal;
  tryLock(name: string): Promise<boolean>;
  ping(): Promise<void>;
}

export interface RelayOptions {
  readonly connection: BrokerConnection;
  readonly signals: Broker['signals'];
  readonly appender: Pick<Appender, 'onCommitted'>;
  readonly reader: Pick<EventReader, 'readLog' | 'head'>;
  /** Starts a new epoch unless somebody already replaced `expected`; returns the one in force. */
  renewEpoch(expected: string): Promise<string>;
  openDedicatedConnection(): Promise<RelaySession>;
  readonly log: Logger;
  /** Called after each batch that JetStream stored, and when its publishing began (`performance.now()`). */
  readonly onPublished?: (events: readonly RecordedEvent[], startedAt: number) => void;
}

export interface Relay {
  readonly leading: boolean;
  /** Position of the newest event known to be in JetStream, 0 while this process does not lead. */
  readonly position: number;
  close(): Promise<void>;
}

/** Milliseconds. */
const RETRY = 500;
const IDLE = 1_000;
const MAX_BACKOFF = 1_000;
const MANAGER = { checkAPI: false, timeout: 2_000 };
const MAX_BATCH = 500;
/** Commits of this process kept for publishing; beyond it they are read from Postgres instead. */
const MAX_REMEMBERED = 10_000;

/** For a process that has no relay: tells those of others of its commits. Returns what ends it. */
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
  let wake: () => void = () => undefined;
  let failures = 0;
  /** Whether Postgres may hold more than memory does. */
  let othersCommitted = true;
  /** Somebody has told of a new epoch since the stream was last made to fit. */
  let epochTold = false;

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
    epochTold = true;
    wake();
  });

  /** Resolves at the next sign of something to publish, or after `ms`. */
  function woken(ms: number, signal: AbortSignal): Promise<'sign' | 'timer'> {
    return new Promise((resolve) => {
      const end = (reason: 'sign' | 'timer') => {
        clearTimeout(timer);
        signal.removeEventListener('abort', sign);
        wake = () => undefined;
        resolve(reason);
      };
      const sign = () => end('sign');
      const timer = setTimeout(() => end('timer'), ms);
      signal.addEventListener('abort', sign, { once: true });
      wake = sign;
      if (signal.aborted || remembered.length > 0 || othersCommitted || epochTold) sign();
    });
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await using session = await options.openDedicatedConnection();
        if (await session.tryLock('relay')) await lead(session);
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'relay cannot lead');
      }
      leading = false;
      position = 0;
      remembered = [];
      await rest(RETRY, stopping.signal);
    }
  }

  async function lead(session: RelaySession): Promise<void> {
    const deposed = AbortSignal.any([stopping.signal, session.lost]);
    leading = true;
    log.info('relay leads');
    // Whatever it is doing or waiting for: a session that is only held would be ended as idle. `lost` tells of failures.
    const alive = setInterval(() => void session.ping().catch(() => undefined), PING_EVERY);
    try {
      await publishUntil(deposed, session);
    } finally {
      clearInterval(alive);
    }
  }

  async function publishUntil(deposed: AbortSignal, session: RelaySession): Promise<void> {
    while (!deposed.aborted) {
      try {
        position = await connection.whileConnected(synchronise());
        failures = 0;
        await publish(session, deposed);
      } catch (error) {
        if (deposed.aborted) break;
        failures += 1;
        log.warn({ err: error, failures }, 'relay starts over');
        await session.ping();
        await rest(Math.min(MAX_BACKOFF, 50 * 2 ** failures), deposed);
      }
    }
  }

  async function publish(session: RelaySession, deposed: AbortSignal): Promise<void> {
    othersCommitted = true;
    while (!deposed.aborted && !epochTold) {
      const events = fromMemory() ?? (await fromPostgres());
      if (events.length > 0) {
        const startedAt = performance.now();
        await connection.whileConnected(publishBatch(connection, events));
        options.onPublished?.(events, startedAt);
        position = (events.at(-1) as RecordedEvent).position;
      } else if ((await woken(IDLE, deposed)) === 'timer') {
        othersCommitted = true;
        await connection.whileConnected(check(session));
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

  /** The next commits, if this process made them; undefined when they must be read. */
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

  /** Notices, while nothing is published, that the session or the JetStream stream is gone. */
  async function check(session: RelaySession): Promise<void> {
    await session.ping();
    const manager = await connection.nats.jetstreamManager(MANAGER);
    const stream = await findEventStream(manager, connection);
    const { epoch } = await reader.head();
    const fits = stream !== undefined && stream.state.last_seq === position && holdsEpoch(stream, epoch);
    if (!fits) throw new Error('the JetStream stream is not what was published');
  }

  /** Makes the JetStream stream fit the log; returns its last sequence. */
  async function synchronise(): Promise<number> {
    epochTold = false;
    const manager = await connection.nats.jetstreamManager(MANAGER);
    const stream = await findEventStream(manager, connection);
    // Read after the stream: whatever JetStream holds was committed before, so a head that is behind means lost history.
    const head = await reader.head();
    let { epoch } = head;
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
