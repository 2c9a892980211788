/**
 * Emmett's Postgres event store with its own defaults: one `appendToStream` per command, which expects the stream's
 * current version, as Emmett's command handler does. It was no faster with 10 or 40 connections
 * (BENCH_EMMETT_CONNECTIONS) than with 20.
 */
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import { appendConcurrently, newMessagePosted, STREAMS_PER_LOOP } from '../support/events.ts';
import { serveCalls } from '../support/worker.ts';

const CONNECTIONS = Number(process.env.BENCH_EMMETT_CONNECTIONS || 20);

let pool;
let store;
const versions = new Map();

serveCalls(
  {
    async open(url) {
      pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
      store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
      await store.schema.migrate();
    },
    append: (seconds) =>
      appendConcurrently(seconds, async (loop, turn) => {
        const stream = `ticket-${loop}-${turn % STREAMS_PER_LOOP}`;
        const expectedStreamVersion = versions.get(stream) ?? 'STREAM_DOES_NOT_EXIST';
        const { type, data, metadata } = newMessagePosted();
        const appended = await store.appendToStream(stream, [{ type, data, metadata }], { expectedStreamVersion });
        versions.set(stream, appended.nextExpectedStreamVersion);
      }),
  },
  async () => {
    await store.close();
    if (!pool.ended) await pool.end();
  },
);
