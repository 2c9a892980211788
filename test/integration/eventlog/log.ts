/** An event log on a database of its own, and short names for the tests that append to it. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import type { AppenderOptions } from '../../../src/eventlog/appender.ts';
import type { EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';

/** The time-out allows for disks that other tests use too. */
export const limits: AppenderOptions = { maxFlushEvents: 500, maxQueuedEvents: 10_000, patience: 60_000 };

export interface TestLog extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly reader: EventReader;
}

export async function createTestLog(): Promise<TestLog> {
  const database = await createDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 20 });
  return {
    database,
    pool,
    reader: createEventReader(pool),
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

export const newStream = () => `ticket.${randomUUID()}` as const;
export const positionsOf = (events: readonly RecordedEvent[]) => events.map((event) => event.position);
/** The numbers from `from` to `to`, both included. */
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
