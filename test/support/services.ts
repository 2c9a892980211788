/**
 * Real services for a test: a database of its own on the PostgreSQL of the run, and a nats-server. `await using` or
 * `afterAll` disposes of them.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'nats';
import pg from 'pg';
import { inject } from 'vitest';
import { findNatsServer } from '../../src/services/find-nats-server.ts';
import { freePort } from '../../src/services/free-port.ts';
import { startNatsServer } from '../../src/services/nats-server.ts';
import { until } from './until.ts';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** A fresh migrated database. */
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

export interface TestNats extends AsyncDisposable {
  readonly url: string;
}

/** A nats-server of the test's own, with power over its life; port and store stay the same throughout. */
export interface ControlledNats extends TestNats {
  /** Graceful. */
  stop(): Promise<void>;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Stops it from doing anything, connections open, until `resume`. */
  pause(): void;
  resume(): void;
  start(): Promise<void>;
}

/**
 * A nats-server with JetStream and nothing in it. With NATS_URL given it is that server, emptied of its streams before
 * and after, unless the test has to control it.
 */
export async function startNats(): Promise<TestNats>;
export async function startNats(options: { controlled: true }): Promise<ControlledNats>;
export async function startNats(options?: { controlled: true }): Promise<TestNats> {
  const { natsUrl, findNats, directory } = inject('services');
  if (natsUrl === undefined || options?.controlled) return controlledNats(await findNatsServer(findNats), directory);
  await deleteStreams(natsUrl);
  return { url: natsUrl, [Symbol.asyncDispose]: () => deleteStreams(natsUrl) };
}

async function controlledNats(program: string, runDirectory: string): Promise<ControlledNats> {
  const directory = await mkdtemp(join(runDirectory, 'nats-'));
  const logFile = join(directory, 'nats-server.log');
  const port = await freePort();
  const launch = () => startNatsServer({ program, directory, logFile, password: undefined, port });
  let server = await launch();
  return {
    url: server.url,
    stop: () => server.process.stop(),
    kill: () => server.process.kill(),
    pause: () => process.kill(-server.process.group, 'SIGSTOP'),
    resume: () => process.kill(-server.process.group, 'SIGCONT'),
    async start() {
      if (!server.process.running) server = await launch();
    },
    async [Symbol.asyncDispose]() {
      await server.process.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
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
 * A pool that ended does not wait for the server to hear of it: dropped at once, the database would cut its connections
 * off, which whoever owned them would report. Connections that stay are cut off after all.
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
