/**
 * The checks of `/readyz`: a load balancer sends requests to this process while they pass.
 *
 * Parked events and pauses are shown and are no reason to send requests elsewhere: there it is the same, and one
 * poisoned ticket is no reason to turn everybody away. Nor is an event that is being tried again: it is about to be
 * parked.
 */
import type { Pool } from 'pg';
import type { ReadinessCheck } from '../api/routes/health.ts';
import type { Broker } from '../broker/port.ts';
import type { Relay } from '../broker/relay.ts';
import { pendingMigrations } from '../eventlog/migrate.ts';
import { checkWrites } from '../eventlog/write-check.ts';
import { getAttentionNotice } from '../projections/admin/status.ts';
import type { Projections } from '../projections/projections.ts';
import { sharedRun } from '../support/shared-run.ts';

/** The number of events that a read model, or JetStream, may be behind. */
const MAX_LAG = 10_000;
/** Milliseconds for which the result of a check that writes stands. */
const KEEP_WRITES = 1_000;

interface ReadinessDeps {
  readonly pool: Pool;
  readonly broker: Pick<Broker, 'connected'>;
  readonly projections: Pick<Projections, 'status'>;
  readonly draining: () => boolean;
  /** Undefined in a process without the role `relay`. */
  readonly relay: Pick<Relay, 'leading' | 'position'> | undefined;
  /** The newest position of the log. */
  readonly head: () => number | Promise<number>;
  readonly maxLag?: number;
}

export function readinessChecks(deps: ReadinessDeps): ReadinessCheck[] {
  const { relay, maxLag = MAX_LAG } = deps;
  const writes = sharedRun(() => checkWrites(deps.pool), KEEP_WRITES);
  return [
    {
      name: 'serving',
      async check() {
        if (deps.draining()) throw new Error('this process is about to end');
      },
    },
    {
      name: 'database',
      async check() {
        await deps.pool.query('select');
      },
    },
    {
      name: 'writes',
      async check() {
        await writes();
      },
    },
    {
      name: 'broker',
      async check() {
        if (!deps.broker.connected) throw new Error('no connection to NATS');
      },
    },
    {
      name: 'migrations',
      async check() {
        const pending = await pendingMigrations(deps.pool);
        if (pending.length > 0) throw new Error(`migrations are pending: ${pending.join(', ')}`);
      },
    },
    {
      name: 'relay',
      async check() {
        // Another process leads, and checks it.
        if (relay?.leading !== true) return undefined;
        const lag = (await deps.head()) - relay.position;
        if (lag > maxLag) throw new Error(`JetStream is ${lag} events behind the log`);
        return undefined;
      },
    },
    {
      name: 'projections',
      async check() {
        for (const { name, state, lag, failure } of deps.projections.status()) {
          if (failure && failure.position === undefined)
            throw new Error(`projection ${name} fails: ${failure.message}`);
          if (lag !== undefined && lag > maxLag && state !== 'paused') {
            throw new Error(`projection ${name} is ${lag} events behind`);
          }
        }
        return getAttentionNotice(deps.pool);
      },
    },
  ];
}
