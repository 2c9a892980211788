/** Operations as a process has them, for rigs that put the parts together themselves. */
import type pg from 'pg';
import { pino } from 'pino';
import type { Operations } from '../../src/application/operations.ts';
import type { Broker } from '../../src/broker/port.ts';
import type { EventReader } from '../../src/eventlog/event-log.ts';
import { openSession } from '../../src/eventlog/session.ts';
import { createOperations } from '../../src/operations/operations.ts';
import { createRebuilds } from '../../src/operations/rebuilds.ts';
import { ORDERS } from '../../src/projections/projections.ts';

interface Node {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly reader: EventReader;
  readonly broker: Broker;
}

export function startOperations({ databaseUrl, pool, reader, broker }: Node, parts: AsyncDisposableStack): Operations {
  const log = pino({ level: 'silent' });
  const rebuilds = createRebuilds({ databaseUrl, log, onDone: () => broker.signals.publish(ORDERS, {}) });
  parts.defer(() => rebuilds.close());
  return createOperations({
    pool,
    reader,
    signals: broker.signals,
    rebuilds,
    openSession: () => openSession({ connectionString: databaseUrl }, 'test'),
    relayPosition: () => Promise.resolve(undefined),
    now: Date.now,
  });
}
