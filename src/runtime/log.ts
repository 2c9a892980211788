/** First part of the runtime: the event log, its epoch, and the relay that carries the log to JetStream. */
import type { Pool } from 'pg';
import type { BrokerConnection } from '../broker/broker-connection.ts';
import type { Broker } from '../broker/port.ts';
import { createRelay, hintRelay, type Relay } from '../broker/relay.ts';
import { createAppender } from '../eventlog/appender.ts';
import { openDedicatedConnection } from '../eventlog/dedicated-connection.ts';
import { renewEpoch } from '../eventlog/epoch.ts';
import { type EpochWatch, watchEpoch } from '../eventlog/epoch-watch.ts';
import type { Appender, EventReader } from '../eventlog/event-log.ts';
import { createEventReader } from '../eventlog/reader.ts';
import { createRestoreCheck } from '../eventlog/restore-check.ts';
import type { Logger } from '../telemetry/logging.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { createAudit } from './audit.ts';
import { observeBatches } from './observe.ts';
import type { Shutdown } from './shutdown.ts';

export interface LogOptions {
  readonly databaseUrl: string;
  /** Of the same database. It stays its owner's to close, like the broker. */
  readonly pool: Pool;
  readonly broker: Broker;
  readonly connection: BrokerConnection;
  /** Whether this process stands by to lead the relay. Otherwise it tells the leader of its commits. */
  readonly relay: boolean;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Milliseconds between two readings of the epoch, besides its signal; 3,000 when absent. */
  readonly epochCheckEvery?: number;
}

export interface RunningLog extends LogOptions {
  readonly reader: EventReader;
  readonly appender: Appender;
  readonly epoch: EpochWatch;
  readonly runningRelay: Relay | undefined;
}

/** The appender must accept everything that the actors admit: they hold 20,000 commands at most. */
const APPENDER_LIMITS = { maxFlushEvents: 500, maxQueuedEvents: 50_000, maxQueuedBytes: 64 * 1024 * 1024 };
const EPOCH_CHECK_EVERY = 3_000;

/** Rejects when the epoch cannot be read. */
export async function startLog(options: LogOptions, shutdown: Shutdown): Promise<RunningLog> {
  const { databaseUrl, pool, broker, connection, telemetry, logger } = options;
  const batches = observeBatches(telemetry);
  const reader = createEventReader(pool);
  const appender = createAppender(pool, {
    ...APPENDER_LIMITS,
    onFlush: batches.onFlush,
    onRefused: () => telemetry.metrics.refused('appends'),
  });
  shutdown.defer('appender', () => appender.close());
  appender.onCommitted((events) => broker.live.deliver(events));

  const audit = createAudit(logger, Date.now);
  let runningRelay: Relay | undefined;
  if (options.relay) {
    runningRelay = createRelay({
      connection,
      signals: broker.signals,
      appender,
      reader,
      renewEpoch: (expected) => renewEpoch(pool, expected),
      openDedicatedConnection: () => openDedicatedConnection({ connectionString: databaseUrl }, 'deskwire relay'),
      log: logger,
      onPublished(events, startedAt) {
        batches.onPublished(events, startedAt);
        audit(events);
      },
    });
    shutdown.defer('relay', () => runningRelay?.close());
  } else {
    shutdown.defer('relay hints', hintRelay({ appender, signals: broker.signals }));
  }

  const restoreCheck = createRestoreCheck({ appender, reader, pool });
  const epoch = await watchEpoch({
    reader,
    broker,
    confirm: restoreCheck.confirm,
    every: options.epochCheckEvery ?? EPOCH_CHECK_EVERY,
    onError: (error) => logger.warn({ err: error }, 'the epoch cannot be read'),
  });
  shutdown.defer('epoch', () => epoch.close());
  broker.followEpoch(() => epoch.current);
  epoch.onChanged(() => {
    logger.warn({ epoch: epoch.current }, 'the log has a new epoch: state of the old one is discarded');
    restoreCheck.forget();
  });
  return { ...options, reader, appender, epoch, runningRelay };
}
