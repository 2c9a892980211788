/**
 * The services of one test run: a PostgreSQL with a migrated template database, and the way to a nats-server. Given by
 * DATABASE_URL and NATS_URL, else started for the run and gone afterwards. Test files reach them through `services.ts`.
 */
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/eventlog/migrate.ts';
import { unprivilegedAccount } from '../../src/services/account.ts';
import { findNatsServer } from '../../src/services/find-nats-server.ts';
import { startPostgres } from '../../src/services/postgres.ts';
import { postgresBinaries } from '../../src/services/postgres-binaries.ts';

export interface TestServices {
  /** Of a user who may create databases. */
  readonly adminUrl: string;
  readonly template: string;
  /** The nats-server that was given, if one was. */
  readonly natsUrl: string | undefined;
  /** Where a nats-server of our own is found. */
  readonly findNats: { readonly path: string; readonly cache: string };
  /** Temporary folder of the run; removed at its end. */
  readonly directory: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    services: TestServices;
  }
}

/** Nothing in a test run needs to survive a power failure. */
const fastAndForgetful = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
};

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL, NATS_URL, PATH = '' } = process.env;
  const directory = await mkdtemp(join(tmpdir(), 'deskwire-test-'));
  const cleanUp: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const tearDown = async () => {
    for (const step of cleanUp.toReversed()) await step();
  };
  try {
    const adminUrl = DATABASE_URL || (await embeddedPostgres(directory, cleanUp));
    const template = await createTemplate(adminUrl, cleanUp);
    const findNats = { path: PATH, cache: join(project.config.root, '.cache') };
    // Here rather than in every test file: it may have to be fetched.
    if (!NATS_URL) await findNatsServer(findNats);
    project.provide('services', { adminUrl, template, natsUrl: NATS_URL || undefined, findNats, directory });
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}

async function embeddedPostgres(directory: string, cleanUp: (() => Promise<unknown>)[]): Promise<string> {
  const account = unprivilegedAccount();
  if (account) await chown(directory, account.uid, account.gid);
  const postgres = await startPostgres({
    directory: join(directory, 'postgres'),
    programs: await postgresBinaries(account),
    account,
    password: randomBytes(16).toString('hex'),
    logFile: join(directory, 'postgres.log'),
    database: 'postgres',
    settings: fastAndForgetful,
  });
  cleanUp.push(() => postgres.process.stop());
  return postgres.url;
}

/** Databases made from the template are there in a few tens of milliseconds, migrations and all. */
async function createTemplate(adminUrl: string, cleanUp: (() => Promise<unknown>)[]): Promise<string> {
  const template = `deskwire_template_${randomBytes(6).toString('hex')}`;
  await query(adminUrl, `CREATE DATABASE ${template}`);
  cleanUp.push(() => query(adminUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`));
  const url = new URL(adminUrl);
  url.pathname = `/${template}`;
  await migrate(url.href);
  return template;
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
