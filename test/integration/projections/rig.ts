/** Projections on a database of the test's own, without runners: a test passes batches and asks queries. */
import pg from 'pg';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { InboxSignal } from '../../../src/domain/notification/inbox.ts';
import { type DedicatedConnection, openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import {
  PROJECTIONS,
  type ProjectionName,
  projectionNames,
  DEFAULT_SCHEMAS as schemas,
} from '../../../src/projections/catalog.ts';
import { commitBatch, readCheckpoint } from '../../../src/projections/engine/checkpoints.ts';
import type { ProjectionHandler } from '../../../src/projections/engine/projection.ts';
import { createReadModels } from '../../../src/projections/projections.ts';
import { createQueries } from '../../../src/projections/queries/create-queries.ts';
import type { Queries } from '../../../src/projections/queries/queries.ts';
import { createLogBatches } from '../../../src/projections/rebuild/log-batches.ts';
import { rebuild } from '../../../src/projections/rebuild/rebuild.ts';
import { quiet } from './cluster.ts';

export interface Rig extends AsyncDisposable {
  readonly queries: Queries;
  readonly signals: { readonly userId: string; readonly signal: InboxSignal }[];
  /** Projects the next events as one batch. */
  project(events: readonly RecordedEvent[]): Promise<void>;
  /** Empties the memory of the projections, as a new runner would. */
  restart(): void;
  /** Rebuilds every read model from these events, which must be all the projected ones, and swaps it in. */
  rebuild(events: readonly RecordedEvent[]): Promise<void>;
  /** Every row of every table, in an order that depends on the rows alone. */
  rows(): Promise<Record<string, readonly string[]>>;
  /** Empties tables, memory and signals. */
  reset(): Promise<void>;
}

export async function createRig(url: string): Promise<Rig> {
  const pool = new pg.Pool({ connectionString: url });
  const names = projectionNames();
  const signals: Rig['signals'] = [];
  const connections = new Map<ProjectionName, DedicatedConnection>();
  let handlers = new Map<ProjectionName, ProjectionHandler>();
  const position = new Map<ProjectionName, number>();
  const database = { connectionString: url };
  await createReadModels(database);
  for (const name of names) {
    const connection = await openDedicatedConnection(database, 'test', { idleTimeout: 0 });
    connections.set(name, connection);
    await connection.script(`set search_path to ${pg.escapeIdentifier(schemas[name])}`);
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
          const connection = connections.get(name);
          const last = events.at(-1);
          if (!connection || !last) return;
          const handler = handlerOf(name);
          await handler.prefetch?.(events, connection.query);
          const writes = handler.fold(events);
          if (writes === undefined) return;
          const move = { from: position.get(name) ?? 0, to: last.position };
          const { generation } = await readCheckpoint(connection.query, PROJECTIONS[name]);
          const target = { projection: PROJECTIONS[name], schema: schemas[name], generation, serving: true };
          const { result } = await commitBatch(connection.query, target, move, writes);
          position.set(name, last.position);
          writes.committed?.(result);
        }),
      );
    },
    async rebuild(events) {
      const reader = readerOf(events);
      const batches = createLogBatches(reader);
      const { signal } = new AbortController();
      const options = { database, reader, batches, log: quiet, signal };
      await Promise.all(names.map((name) => rebuild(PROJECTIONS[name], schemas[name], options)));
      handlers = new Map();
    },
    rows: () => rowsOf(pool, schemas),
    async [Symbol.asyncDispose]() {
      for (const connection of connections.values()) await connection[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

/** A log that holds these events. */
function readerOf(events: readonly RecordedEvent[]) {
  return {
    readLog: async (after: number, limit: number) => events.slice(after, after + limit),
    readStream: async () => [],
    head: async () => ({ position: events.length, epoch: 'test' }),
  };
}

/** The rows of every table as sorted JSON, by table. */
export async function rowsOf(pool: pg.Pool, of: Readonly<Record<string, string>>): Promise<Record<string, string[]>> {
  const { rows: tables } = await pool.query<{ schema: string; name: string }>(
    'select schemaname as schema, tablename as name from pg_tables where schemaname = any ($1) order by 1, 2',
    [Object.values(of)],
  );
  const contents: Record<string, string[]> = {};
  for (const { schema, name } of tables) {
    const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    const { rows } = await pool.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${table} t order by row_to_json(t)::text collate "C"`,
    );
    contents[`${schema}.${name}`] = rows.map(({ row }) => row);
  }
  return contents;
}
