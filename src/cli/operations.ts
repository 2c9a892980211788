/**
 * `Operations` (src/application/operations.ts) for a command: rebuilds run in the foreground and show their progress.
 */
import { createOperations, type Operations, type OperationsDeps } from '../application/operations.ts';
import { openDedicatedConnection } from '../eventlog/dedicated-connection.ts';
import { createEventReader } from '../eventlog/reader.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS } from '../projections/catalog.ts';
import { notifyRunners } from '../projections/projections.ts';
import { createLogBatches } from '../projections/rebuild/log-batches.ts';
import type { Progress } from '../projections/rebuild/progress.ts';
import { type RebuildOptions, runBuild } from '../projections/rebuild/rebuild.ts';
import { recordCommand } from './commands/operator.ts';
import type { Surroundings } from './surroundings.ts';

/** No time limits: dropping large tables takes long. */
const NO_TIMEOUTS = { idleTimeout: 0, queryTimeout: 0 };

export async function commandOperations(
  on: Surroundings,
  onProgress: (progress: Progress) => void = () => {},
): Promise<Operations> {
  const pool = await on.pool();
  const reader = createEventReader(pool);
  const database = await on.database();
  const operations = createOperations({
    pool,
    reader,
    rebuilds: foregroundRebuilds({
      database,
      reader,
      batches: createLogBatches(reader),
      signal: on.signal,
      onProgress,
      log: {
        info: () => {},
        error(details: unknown, message?: string) {
          const { projection, stream, position } = details as Record<string, unknown>;
          on.output.note(`${projection}: ${message} (${stream}, position ${position})`);
        },
      },
    }),
    openDedicatedConnection: () => openDedicatedConnection(database, 'deskwire operation', NO_TIMEOUTS),
    async notifyRunners() {
      try {
        const { broker } = await on.broker();
        notifyRunners(broker.signals);
      } catch {
        on.output.note('NATS cannot be reached: runners notice the change within a few seconds.');
      }
    },
    async relayPosition() {
      const { publishedPosition } = await import('../broker/inspection.ts');
      return publishedPosition((await on.broker()).connection);
    },
    now: Date.now,
  });
  return recorded(on, operations);
}

/** The same operations; each one that changed something is recorded in the log as a command of the operator. */
function recorded(on: Surroundings, operations: Operations): Operations {
  const after =
    <Args extends readonly unknown[], Result>(name: string, change: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const result = await change(...args);
      const nothing = result === false || result === 0 || (Array.isArray(result) && result.length === 0);
      const words = args.flat().filter((one) => typeof one === 'string' || typeof one === 'number');
      if (!nothing) await recordCommand(on, [name, ...words].join(' '));
      return result;
    };
  return {
    ...operations,
    rebuild: after('projections rebuild', operations.rebuild),
    rollBack: after('projections rollback', operations.rollBack),
    makeCurrent: after('projections rollback', operations.makeCurrent),
    abortRebuild: after('projections abort', operations.abortRebuild),
    dropOldTables: after('projections drop-old', operations.dropOldTables),
    pause: after('projections pause', operations.pause),
    resume: after('projections resume', operations.resume),
    retryParked: after('projections parked retry', operations.retryParked),
    skipParked: after('projections parked skip', operations.skipParked),
  };
}

function foregroundRebuilds(options: RebuildOptions): OperationsDeps['rebuilds'] {
  return {
    async start(name, work) {
      await runBuild(work, PROJECTIONS[name], DEFAULT_SCHEMAS[name], options);
      return 'done';
    },
    running: () => false,
  };
}
