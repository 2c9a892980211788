/** Creates the queries on the read models for the API and the gateway. */
import { hash } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { DEFAULT_SCHEMAS, type Schemas } from '../catalog.ts';
import { inboxQueries } from './inbox-queries.ts';
import { messageQueries } from './message-queries.ts';
import type { Queries } from './queries.ts';
import { type Run, readModelsIn } from './read-models.ts';
import { roomQueries } from './room-queries.ts';
import { ticketQueries } from './ticket-queries.ts';
import { userQueries } from './user-queries.ts';

/**
 * Creates queries on a pool; the caller closes the pool. Queries reject with the database's error when it fails, and
 * with DeskwireError `invalid_payload` naming `cursor` for an invalid cursor.
 */
export function createQueries({ pool, schemas = DEFAULT_SCHEMAS }: { pool: Pool; schemas?: Schemas }): Queries {
  const models = readModelsIn(schemas);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  // A connection keeps prepared statements by name, so statements on other schemas need other names.
  const suffix = hash('sha256', JSON.stringify(schemas)).slice(0, 8);
  const run: Run = async <Row>(name: string, text: string, values: readonly unknown[]) =>
    (await pool.query({ name: `${name}_${suffix}`, text, values: [...values] })).rows as Row[];
  return {
    ...ticketQueries(run, db, models),
    ...messageQueries(run, models),
    ...inboxQueries(run, models),
    ...userQueries(run, db, models),
    ...roomQueries(run, db, models),
  };
}
