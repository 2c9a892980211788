/** Third part of the runtime: the projections, the read models that they keep, and the operations on them. */
import { createOperations, type Operations } from '../application/operations.ts';
import { publishedPosition } from '../broker/inspection.ts';
import { openDedicatedConnection } from '../eventlog/dedicated-connection.ts';
import { createLogFeed } from '../projections/engine/log-feed.ts';
import { createRemoteWaiter, notifyRunners, type Projections, startProjections } from '../projections/projections.ts';
import { createQueries } from '../projections/queries/create-queries.ts';
import type { ProjectionWaiter, Queries } from '../projections/queries/queries.ts';
import { createRebuilds } from '../projections/rebuild/rebuilds.ts';
import type { RunningLog } from './log.ts';
import { observeBatches } from './observe.ts';
import type { Shutdown } from './shutdown.ts';

export interface ReadSide {
  readonly queries: Queries;
  readonly waiter: ProjectionWaiter;
  /** Of the projections that this process runs or stands by for. */
  readonly status: Projections['status'];
  /** Newest position of the log that this process knows of. */
  readonly head: () => Promise<number>;
  readonly operations: Operations;
}

/** @param projector Whether this process runs projections. Otherwise it reads what other processes project. */
export function startReadSide(log: RunningLog, projector: boolean, shutdown: Shutdown): ReadSide {
  const { pool, reader } = log;
  const running = projector ? startProjector(log, shutdown) : undefined;
  return {
    queries: createQueries({ pool }),
    waiter: running?.projections ?? createRemoteWaiter(pool),
    status: () => running?.projections.status() ?? [],
    head: async () => running?.feed.head ?? (await reader.head()).position,
    operations: startOperations(log, shutdown),
  };
}

function startProjector(log: RunningLog, shutdown: Shutdown) {
  const { appender, reader, broker, databaseUrl, pool, telemetry, logger } = log;
  const feed = createLogFeed({ appender, reader, broker, log: logger });
  shutdown.defer('log feed', () => feed.close());
  const projections = startProjections({
    database: { connectionString: databaseUrl },
    feed,
    signals: broker.signals,
    pool,
    log: logger,
    onBatch: observeBatches(telemetry).onBatch,
  });
  shutdown.defer('projections', () => projections.close());
  return { feed, projections };
}

function startOperations(log: RunningLog, shutdown: Shutdown): Operations {
  const { broker, connection, databaseUrl, pool, reader, logger } = log;
  const database = { connectionString: databaseUrl };
  const rebuilds = createRebuilds({ databaseUrl, log: logger, onDone: () => notifyRunners(broker.signals) });
  shutdown.defer('rebuilds', () => rebuilds.close());
  return createOperations({
    pool,
    reader,
    rebuilds,
    notifyRunners: () => notifyRunners(broker.signals),
    openDedicatedConnection: () => openDedicatedConnection(database, 'deskwire operations', { queryTimeout: 0 }),
    relayPosition: () => publishedPosition(connection),
    now: Date.now,
  });
}
