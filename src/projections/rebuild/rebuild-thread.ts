/** The thread of one rebuild (`rebuilds.ts`): its own connections, its own event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'pg';
import { createEventReader } from '../../eventlog/reader.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS } from '../catalog.ts';
import { createLogBatches } from './log-batches.ts';
import { runBuild } from './rebuild.ts';
import type { Assignment, Report } from './rebuilds.ts';

const { databaseUrl, name, work } = workerData as Assignment;
const report = (message: Report) => parentPort?.postMessage(message);
const stopped = new AbortController();
// STOP is the only message.
parentPort?.once('message', () => stopped.abort(new Error('this process is about to end')));

const database = { connectionString: databaseUrl };
const pool = new Pool({ ...database, application_name: `deskwire rebuild ${name}`, max: 2 });
// The next query rejects.
pool.on('error', () => {});
try {
  const reader = createEventReader(pool);
  await runBuild(work, PROJECTIONS[name], DEFAULT_SCHEMAS[name], {
    database,
    reader,
    batches: createLogBatches(reader),
    signal: stopped.signal,
    log: {
      info: () => {},
      error(event: unknown, message?: string) {
        const { err, ...details } = event as { readonly err?: unknown };
        report({ what: 'parked', details: { ...details, reason: messageOf(err) }, message: message ?? '' });
      },
    },
  });
  report({ what: 'done' });
} catch (error) {
  report({ what: 'failed', message: messageOf(error) });
} finally {
  await pool.end();
  parentPort?.close();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
