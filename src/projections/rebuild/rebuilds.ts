/**
 * Rebuilds in the process of a server. Each runs in its own thread, because folding a whole log would block the thread
 * that answers requests. An interrupted rebuild keeps its tables, and the next one continues with them.
 */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { paths } from '../../support/paths.ts';
import type { ProjectionName } from '../catalog.ts';
import type { Work } from './rebuild.ts';

/** The `workerData` of a thread. */
export interface Assignment {
  readonly databaseUrl: string;
  readonly name: ProjectionName;
  readonly work: Work;
}

/** A message from a thread: an event was parked; or, once, how the work ended. */
export type Report =
  | { readonly what: 'parked'; readonly details: object; readonly message: string }
  | { readonly what: 'done' }
  | { readonly what: 'failed'; readonly message: string };

/** The message that makes a thread stop; its tables are kept. */
export const STOP = 'stop';

export interface Rebuilds {
  /** Starts a thread. Resolves at once: the work goes on in the thread. */
  start(name: ProjectionName, work: Work): Promise<'started'>;
  running(name: ProjectionName): boolean;
  /** Interrupts the threads, and resolves when they have ended. */
  close(): Promise<void>;
}

interface RebuildsDeps {
  readonly databaseUrl: string;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** Called after a thread has done its work, so that runners learn at once that the tables were swapped. */
  onDone(): void;
}

export function createRebuilds({ databaseUrl, log, onDone }: RebuildsDeps): Rebuilds {
  const threads = new Map<ProjectionName, { readonly thread: Worker; readonly ended: Promise<void> }>();

  function onReport(projection: ProjectionName, work: Work, report: Report): void {
    if (report.what === 'parked') log.error(report.details, report.message);
    else if (report.what === 'failed') log.error({ projection, reason: report.message }, `the ${work} did not finish`);
    else {
      log.info({ projection }, `the ${work} is done`);
      onDone();
    }
  }

  return {
    async start(name, work) {
      const assignment: Assignment = { databaseUrl, name, work };
      const thread = new Worker(paths.rebuildThread, { workerData: assignment });
      const ended = new Promise<void>((resolve) => {
        thread.once('exit', () => {
          threads.delete(name);
          resolve();
        });
      });
      thread.on('message', (report: Report) => onReport(name, work, report));
      thread.on('error', (err) => log.error({ projection: name, err }, `the ${work} failed`));
      threads.set(name, { thread, ended });
      log.info({ projection: name }, `the ${work} begins`);
      return 'started';
    },
    running: (name) => threads.has(name),
    async close() {
      for (const { thread } of threads.values()) thread.postMessage(STOP);
      await Promise.all([...threads.values()].map(({ ended }) => ended));
    },
  };
}
