/**
 * Rebuilds that this process was asked for. Each is done in a thread of its own: folding a whole log would keep the
 * thread that serves from serving. A rebuild that is cut short is left in the database, where the next one goes on.
 */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { ProjectionName } from '../catalog.ts';

export type Work = 'rebuild' | 'rollback';

/** What a thread is told when it starts. */
export interface Assignment {
  readonly databaseUrl: string;
  readonly name: ProjectionName;
  readonly work: Work;
}

/** What a thread says: an event could not be handled; or, once, how it ended. */
export type Report =
  | { readonly what: 'parked'; readonly details: object; readonly message: string }
  | { readonly what: 'done' }
  | { readonly what: 'failed'; readonly message: string };

/** Told to a thread: leave it as it is. */
export const STOP = 'stop';

export interface Rebuilds {
  start(name: ProjectionName, work: Work): void;
  running(name: ProjectionName): boolean;
  /** Interrupts what is going on, and resolves when it has ended. */
  close(): Promise<void>;
}

interface Parts {
  readonly databaseUrl: string;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** After the swap: those that run projections read other tables now. */
  onDone(): void;
}

export function createRebuilds({ databaseUrl, log, onDone }: Parts): Rebuilds {
  const threads = new Map<ProjectionName, { readonly thread: Worker; readonly ended: Promise<void> }>();

  function hear(projection: ProjectionName, work: Work, report: Report): void {
    if (report.what === 'parked') log.error(report.details, report.message);
    else if (report.what === 'failed')
      log.error({ projection, reason: report.message }, `the ${work} did not come to its end`);
    else {
      log.info({ projection }, `the ${work} is done`);
      onDone();
    }
  }

  return {
    start(name, work) {
      const assignment: Assignment = { databaseUrl, name, work };
      const thread = new Worker(new URL('rebuild-thread.ts', import.meta.url), { workerData: assignment });
      const ended = new Promise<void>((resolve) => {
        thread.once('exit', () => {
          threads.delete(name);
          resolve();
        });
      });
      thread.on('message', (report: Report) => hear(name, work, report));
      thread.on('error', (err) => log.error({ projection: name, err }, `the ${work} failed`));
      threads.set(name, { thread, ended });
      log.info({ projection: name }, `the ${work} begins`);
    },
    running: (name) => threads.has(name),
    async close() {
      for (const { thread } of threads.values()) thread.postMessage(STOP);
      await Promise.all([...threads.values()].map(({ ended }) => ended));
    },
  };
}
