/**
 * The backing services of one test run: a PostgreSQL with a migrated template database, and the source of nats-servers.
 * They are those of DATABASE_URL and NATS_URL, or are started for the run: as processes, or, with
 * TEST_SERVICES=containers, as containers. Test files reach them through `services.ts`.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { findNatsServer } from '../../src/embedded/find-nats-server.ts';
import { migrate } from '../../src/eventlog/migrate.ts';
import { type ServiceSource, startOwnPostgres } from './sources.ts';

export interface TestServices {
  /** The URL of a database user who may create databases. */
  readonly adminUrl: string;
  readonly template: string;
  /** The nats-server of NATS_URL, if it is set. */
  readonly natsUrl: string | undefined;
  readonly source: ServiceSource;
  /** Temporary folder of the run; removed at its end. */
  readonly directory: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    services: TestServices;
  }
}

type Later = (step: () => Promise<unknown>) => void;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL, NATS_URL } = process.env;
  const cleanUp: (() => Promise<unknown>)[] = [];
  const later: Later = (step) => void cleanUp.push(step);
  const tearDown = async () => {
    for (const step of cleanUp.toReversed()) await step();
  };
  try {
    // Tests start hundreds of processes. They share their compiled code.
    process.env.NODE_COMPILE_CACHE ||= join(project.config.root, '.cache', 'compiled');
    const directory = await mkdtemp(join(tmpdir(), 'deskwire-test-'));
    later(() => rm(directory, { recursive: true, force: true }));
    const source = await serviceSource(project.config.root, directory, later);
    const adminUrl = DATABASE_URL || (await ownPostgres(source, later));
    const template = await createTemplate(adminUrl, later);
    // Once for the run rather than in each test file: it may be downloaded.
    if (!NATS_URL && source.kind === 'processes') await findNatsServer(source);
    project.provide('services', { adminUrl, template, natsUrl: NATS_URL || undefined, source, directory });
    return tearDown;
  } catch (error) {
    await tearDown();
    throw error;
  }
}

async function serviceSource(root: string, directory: string, later: Later): Promise<ServiceSource> {
  const { TEST_SERVICES = '', PATH = '' } = process.env;
  if (TEST_SERVICES === 'containers') {
    const { containerSource, removeContainersOf } = await import('./containers.ts');
    const source = await containerSource(process.env);
    later(() => removeContainersOf(source));
    return { kind: 'containers', ...source };
  }
  if (TEST_SERVICES !== '') throw new Error(`TEST_SERVICES must be "containers" or nothing, not "${TEST_SERVICES}"`);
  return { kind: 'processes', path: PATH, cache: join(root, '.cache'), directory };
}

async function ownPostgres(source: ServiceSource, later: Later): Promise<string> {
  const server = await startOwnPostgres(source, 'forgetful');
  later(async () => server[Symbol.asyncDispose]());
  return server.url;
}

/** A copy of the template takes some tens of milliseconds, migrations included. */
async function createTemplate(adminUrl: string, later: Later): Promise<string> {
  const template = `deskwire_template_${randomBytes(6).toString('hex')}`;
  await query(adminUrl, `CREATE DATABASE ${template}`);
  later(() => query(adminUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`));
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
