/**
 * Starts an embedded PostgreSQL server, on a free port of the loopback interface, with a folder of its own.
 *
 * The folder is complete or absent: it is initialized under a temporary name, then renamed. If an earlier server was
 * killed or still shuts down, the start waits for it instead of failing.
 */
import { chown, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import type { Account } from './account.ts';
import { freePort } from './free-port.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import { lastLines } from './log-file.ts';
import { endOrphan } from './orphan.ts';

const superuser = 'deskwire';

export interface PostgresOptions {
  /** Absolute path; the account must be able to enter its parent. */
  readonly directory: string;
  readonly programs: string;
  readonly account: Account | undefined;
  readonly password: string;
  readonly logFile: string;
  /** Name of the database; created when it is missing. */
  readonly database: string;
  readonly settings: Readonly<Record<string, string>>;
  /** A free port when absent. */
  readonly port?: number;
}

export interface RunningServer {
  readonly url: string;
  readonly process: GuardedProcess;
}

export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  await initialize(options);
  await endOrphan(join(options.directory, 'postmaster.pid'), options.directory, 'SIGINT');
  const deadline = Date.now() + 20_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    const server = await startServer(options, port);
    const address = { host: '127.0.0.1', port, user: superuser, password: options.password };
    const problem = await waitUntilReady(server, address, deadline);
    if (problem === undefined) {
      await ensureDatabase(address, options.database);
      return { url: postgresUrl(port, options.password, options.database), process: server };
    }
    await server.stop();
    const log = await lastLines(options.logFile);
    // Another process took the port, or processes of a killed server still hold its shared memory.
    const temporary = /Address already in use|shared memory block|lock file/.test(log);
    if (!temporary || Date.now() > deadline) {
      throw new StartFailure(`the embedded PostgreSQL did not start (${problem}); see ${options.logFile}:\n${log}`);
    }
    await sleep(100);
  }
}

/** URL of a database of an embedded server. */
export function postgresUrl(port: number, password: string, database: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
}

async function initialize({
  directory,
  programs,
  account,
  password,
  logFile,
  settings,
}: PostgresOptions): Promise<void> {
  if (await stat(join(directory, 'PG_VERSION')).catch(() => undefined)) return;
  const partial = `${directory}.new`;
  await rm(partial, { recursive: true, force: true });
  // Created here, because the account may not be able to write to the parent folder.
  await mkdir(partial, { mode: 0o700 });
  if (account) await chown(partial, account.uid, account.gid);
  const secrets = await mkdtemp(join(tmpdir(), 'deskwire-'));
  try {
    const passwordFile = join(secrets, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account) {
      await chown(passwordFile, account.uid, account.gid);
      await chown(secrets, account.uid, account.gid);
    }
    const initdb = await startGuarded({
      command: join(programs, 'initdb'),
      args: [
        ...['--pgdata', partial, '--username', superuser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
        // The built-in locale gives the same order and case rules on every system, and needs no system locales.
        ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
        ...['--no-instructions', ...(settings.fsync === 'off' ? ['--no-sync'] : [])],
      ],
      stopSignal: 'TERM',
      logFile,
      account,
    });
    const ending = await initdb.exited;
    if (ending !== 'exit code 0') {
      throw new StartFailure(
        `initdb could not make the database folder ${directory} (${ending}); see ${logFile}:\n${await lastLines(logFile)}`,
      );
    }
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
  await rename(partial, directory);
}

function startServer(options: PostgresOptions, port: number): Promise<GuardedProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  return startGuarded({
    command: join(options.programs, 'postgres'),
    args: ['-D', options.directory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    stopSignal: 'INT', // Fast shutdown: ends all connections and writes a checkpoint.
    logFile: options.logFile,
    account: options.account,
  });
}

/** Waits until the server accepts connections. Returns undefined, or the reason why it does not. */
async function waitUntilReady(
  server: GuardedProcess,
  address: pg.ClientConfig,
  deadline: number,
): Promise<string | undefined> {
  let problem = 'it never answered';
  while (server.running && Date.now() < deadline) {
    const client = new pg.Client({ ...address, database: 'postgres', connectionTimeoutMillis: 5_000 });
    client.on('error', () => {}); // The server stopped; the loop checks for that.
    try {
      await client.connect();
      return undefined;
    } catch (error) {
      problem = messageOf(error);
      await sleep(20);
    } finally {
      await client.end().catch(() => {});
    }
  }
  return server.running ? problem : server.exited;
}

async function ensureDatabase(address: pg.ClientConfig, database: string): Promise<void> {
  const client = new pg.Client({ ...address, database: 'postgres' });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}
