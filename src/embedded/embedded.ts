/**
 * The services that the server runs on: those given by the configuration, and processes of our own for the others,
 * with their state in DATA_DIR. They live exactly as long as we do.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { paths } from '../support/paths.ts';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { findNatsServer } from './find-nats-server.ts';
import { lastLines } from './log-file.ts';
import { startNatsServer } from './nats-server.ts';
import { type RunningServer, startPostgres } from './postgres.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { postgresDirectory } from './postgres-directory.ts';
import { secretIn } from './secret-file.ts';

export interface Services extends AsyncDisposable {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export interface ServiceOptions {
  /** Folder of the state of the services that this process starts. */
  readonly dataDir: string;
  /** A PostgreSQL that runs already. */
  readonly databaseUrl?: string | undefined;
  /** A NATS that runs already. */
  readonly natsUrl?: string | undefined;
}

export interface ServiceEvents {
  /** Told before something that takes a while. */
  onProgress(what: string): void;
  /** A process of ours ended by itself; nothing works from here on. */
  onLost(failure: StartFailure): void;
}

const settings = {
  shared_buffers: '256MB',
  max_connections: '200',
  max_wal_size: '2GB',
  random_page_cost: '1.1',
  jit: 'off', // Its compiling costs more than our short statements.
};

export async function provideServices(options: ServiceOptions, events: ServiceEvents): Promise<Services> {
  if (options.databaseUrl !== undefined && options.natsUrl !== undefined) {
    const { databaseUrl, natsUrl } = options;
    return { databaseUrl, natsUrl, [Symbol.asyncDispose]: async () => {} };
  }
  const dataDir = resolve(options.dataDir);
  await using started = new AsyncDisposableStack();
  await makeDataDir(dataDir);
  started.defer(await lockDataDir(dataDir));

  const logFileOf = (name: string) => join(dataDir, 'logs', `${name}.log`);
  const own = (name: string, server: RunningServer): string => {
    let stopping = false;
    started.defer(() => {
      stopping = true;
      return server.process.stop();
    });
    void server.process.exited.then(async (ending) => {
      if (stopping) return;
      const log = logFileOf(name);
      events.onLost(new StartFailure(`${name} ended by itself (${ending}); see ${log}: ${await lastLines(log)}`));
    });
    return server.url;
  };
  // nats-server first: it is the one that may be missing.
  const natsUrl = options.natsUrl ?? own('nats-server', await embeddedNats(dataDir, logFileOf('nats-server'), events));
  const databaseUrl = options.databaseUrl ?? own('postgres', await embeddedPostgres(dataDir, logFileOf('postgres')));

  const owned = started.move();
  return { databaseUrl, natsUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(join(dataDir, 'logs'), { recursive: true });
    await access(dataDir, constants.W_OK);
  } catch (cause) {
    throw new StartFailure(`DATA_DIR ${dataDir} cannot be made or written (${messageOf(cause)}): set another.`, {
      cause,
    });
  }
}

async function embeddedPostgres(dataDir: string, logFile: string): Promise<RunningServer> {
  const { directory, account } = await postgresDirectory(dataDir);
  return startPostgres({
    directory,
    account,
    programs: await postgresBinaries(account),
    password: await secretIn(join(dataDir, 'postgres.password')),
    logFile,
    database: 'deskwire',
    settings,
  });
}

async function embeddedNats(dataDir: string, logFile: string, events: ServiceEvents): Promise<RunningServer> {
  const program = await findNatsServer({
    path: process.env.PATH ?? '',
    cache: paths.cache,
    onProgress: events.onProgress,
  });
  return startNatsServer({
    program,
    directory: join(dataDir, 'nats'),
    password: await secretIn(join(dataDir, 'nats.password')),
    logFile,
  });
}
