/** Projections on a database of the test's own, driven without a runner: batches in, queries out. */
import pg from 'pg';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { openSession, type Session } from '../../../src/eventlog/session.ts';
import {
  PROJECTIONS,
  type ProjectionName,
  projectionNames,
  DEFAULT_SCHEMAS as schemas,
} from '../../../src/projections/catalog.ts';
import { commitBatch, openCheckpoint } from '../../../src/projections/checkpoints.ts';
import { createQueries } from '../../../src/projections/create-queries.ts';
import type { ProjectionHandler } from '../../../src/projections/projection.ts';
import type { InboxSignal, Queries } from '../../../src/projections/queries.ts';

export interface Rig extends AsyncDisposable {
  readonly queries: Queries;
  readonly signals: { readonly userId: string; readonly signal: InboxSignal }[];
  /** Projects the next events as one batch. */
  project(events: readonly RecordedEvent[]): Promise<void>;
  /** Forgets what is in memory, as a new runner would. */
  restart(): void;
  /** Empties everything. */
  reset(): Promise<void>;
}

export async function createRig(url: string): Promise<Rig> {
  const pool = new pg.Pool({ connectionString: url });
  const names = projectionNames();
  const signals: Rig['signals'] = [];
  const sessions = new Map<ProjectionName, Session>();
  let handlers = new Map<ProjectionName, ProjectionHandler>();
  const position = new Map<ProjectionName, number>();
  for (const name of names) {
    const session = await openSession({ connectionString: url }, 'test');
    sessions.set(name, session);
    await openCheckpoint(session, PROJECTIONS[name], schemas[name]);
    await session.script(`set search_path to ${pg.escapeIdentifier(schemas[name])}`);
    position.set(name, 0);
  }
  const handlerOf = (name: ProjectionName): ProjectionHandler => {
    const handler =
      handlers.get(name) ??
      PROJECTIONS[name].start({
        schema: schemas[name],
        publishInbox: (userId, signal) => signals.push({ userId, signal }),
      });
    handlers.set(name, handler);
    return handler;
  };
  return {
    queries: createQueries({ pool }),
    signals,
    restart() {
      handlers = new Map();
    },
    async reset() {
      const { rows } = await pool.query<{ name: string }>(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any ($1)",
        [Object.values(schemas)],
      );
      await pool.query(`truncate ${rows.map((row) => row.name).join(', ')}`);
      await pool.query('update deskwire.projections set position = 0');
      for (const name of names) position.set(name, 0);
      handlers = new Map();
      signals.length = 0;
    },
    async project(events) {
      await Promise.all(
        names.map(async (name) => {
          const session = sessions.get(name);
          const last = events.at(-1);
          if (!session || !last) return;
          const handler = handlerOf(name);
          await handler.prefetch?.(events, session.query);
          const writes = handler.fold(events);
          if (writes === undefined) return;
          const move = { from: position.get(name) ?? 0, to: last.position };
          const result = await commitBatch(session.query, PROJECTIONS[name], schemas[name], move, writes.payload);
          position.set(name, last.position);
          writes.committed?.(result);
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions.values()) await session[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}
