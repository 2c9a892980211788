/** Operations as a process has them, for rigs that put the parts together themselves. */
import type pg from 'pg';
import { pino } from 'pino';
import { createOperations, type Operations } from '../../src/application/operations.ts';
import type { Broker } from '../../src/broker/port.ts';
import { openDedicatedConnection } from '../../src/eventlog/dedicated-connection.ts';
import type { EventReader } from '../../src/eventlog/event-log.ts';
import { notifyRunners } from '../../src/projections/projections.ts';
import { createRebuilds } from '../../src/projections/rebuild/rebuilds.ts';

interface Node {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly reader: EventReader;
  readonly broker: Broker;
}

export function startOperations({ databaseUrl, pool, reader, broker }: Node, parts: AsyncDisposableStack): Operations {
  const log = pino({ level: 'silent' });
  const rebuilds = createRebuilds({ databaseUrl, log, onDone: () => notifyRunners(broker.signals) });
  parts.defer(() => rebuilds.close());
  return createOperations({
    pool,
    reader,
    rebuilds,
    notifyRunners: () => notifyRunners(broker.signals),
    openDedicatedConnection: () => openDedicatedConnection({ connectionString: databaseUrl }, 'test'),
    relayPosition: () => Promise.resolve(undefined),
    now: Date.now,
  });
}
