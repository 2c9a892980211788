/**
 * Backing services for a test: a new database on the PostgreSQL of the run, a nats-server, or a new PostgreSQL.
 * `await using` or `afterAll` disposes of them. The run decides whether they are processes or containers.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'nats';
import pg from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../src/eventlog/migrate.ts';
import type { PausablePower, Power } from './power.ts';
import { startOwnNats, startOwnPostgres } from './sources.ts';
import { until } from './until.ts';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** A new migrated database. */
export async function createDatabase(): Promise<TestDatabase> {
  const { adminUrl, template } = inject('services');
  const name = `deskwire_test_${randomBytes(8).toString('hex')}`;
  await asAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => dropDatabase(adminUrl, name),
  };
}

/** A migrated database on a new PostgreSQL that the test can stop, kill and start. */
export type ControlledPostgres = Power;

export async function startControlledPostgres(): Promise<ControlledPostgres> {
  const server = await startOwnPostgres(inject('services').source, 'durable');
  try {
    await migrate(server.url);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

export interface TestNats extends AsyncDisposable {
  readonly url: string;
}

/** A new nats-server that the test can stop, kill, pause and start. */
export type ControlledNats = PausablePower;

/**
 * A nats-server with an empty JetStream. With NATS_URL it is that server, whose streams are deleted before and after,
 * unless the test must control the server.
 */
export async function startNats(): Promise<TestNats>;
export async function startNats(options: { controlled: true }): Promise<ControlledNats>;
export async function startNats(options?: { controlled: true }): Promise<TestNats> {
  const { natsUrl, source } = inject('services');
  if (natsUrl === undefined || options?.controlled) return startOwnNats(source);
  await deleteStreams(natsUrl);
  return { url: natsUrl, [Symbol.asyncDispose]: () => deleteStreams(natsUrl) };
}

async function deleteStreams(url: string): Promise<void> {
  const { host, username, password } = new URL(url);
  const connection = await connect({ servers: host, ...(username && { user: username, pass: password }) });
  try {
    const manager = await connection.jetstreamManager();
    for await (const stream of manager.streams.list()) await manager.streams.delete(stream.config.name);
  } finally {
    await connection.close();
  }
}

/**
 * Waits for the server to notice that pools have ended: dropping the database at once would cut their connections off,
 * and their owners would report it. Connections that stay are cut off in the end.
 */
async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withAdmin(adminUrl, async (client) => {
    const alone = async () => (await client.query(CONNECTED, [name])).rows.length === 0;
    await until(alone, 'the connections to be over', { timeoutMs: 1_000 }).catch(() => undefined);
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}

const CONNECTED = 'SELECT FROM pg_stat_activity WHERE datname = $1 LIMIT 1';

async function asAdmin(adminUrl: string, sql: string): Promise<void> {
  await withAdmin(adminUrl, (client) => client.query(sql));
}

async function withAdmin(adminUrl: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
