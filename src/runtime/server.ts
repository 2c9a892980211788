/**
 * Starts a server: provides PostgreSQL and NATS, migrates the database, starts the runtime (`runtime.ts`) and listens.
 * Tests start the same server in their process. With several workers, the primary (`workers/primary.ts`) does the
 * first two steps, and each worker does the others.
 */
import type { Server as HttpServer } from 'node:http';
import pg from 'pg';
import { provideServices } from '../embedded/embedded.ts';
import { reachDatabase, reachNats } from '../embedded/reach.ts';
import { migrate } from '../eventlog/migrate.ts';
import { messageOf, StartFailure, systemErrorCode } from '../support/start-failure.ts';
import type { Logger } from '../telemetry/logging.ts';
import { type Config, serviceOptionsOf } from './config.ts';
import { refuseDemoPasswords } from './demo-passwords.ts';
import { type RuntimeOptions, startRuntime } from './runtime.ts';
import { createShutdown, type Shutdown } from './shutdown.ts';

export interface Server {
  /** For clients on this machine. */
  readonly url: string;
  /** Resolves when an embedded service ends; the owner should then close the server. */
  readonly lost: Promise<StartFailure>;
  /** Names of the parts that are not closed yet. */
  readonly left: readonly string[];
  /** Drains, then closes everything that was started. */
  close(): Promise<void>;
}

export interface ServiceUrls {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** Pooled database connections of one host, shared by its workers; each runner and the relay have one more. */
const HOST_CONNECTIONS = 40;
const PROCESS_CONNECTIONS = { least: 3, most: 20 };
/** Milliseconds. No statement of a request takes as long. */
const STATEMENT_TIMEOUT = 15_000;
/** Milliseconds that a statement of a request waits for another session. */
const LOCK_TIMEOUT = 5_000;
const NEVER = new AbortController().signal;

/**
 * Rejects with a StartFailure when the configuration or a service is wrong; then nothing is left running. `signal` ends
 * the wait for a service that is away.
 */
export async function start(config: Config, logger: Logger, signal: AbortSignal = NEVER): Promise<Server> {
  const lost = Promise.withResolvers<StartFailure>();
  return startOrUndo(async (shutdown) => {
    const urls = await prepareServices({ config, logger, signal, onLost: lost.resolve }, shutdown);
    const { url } = await serve({ config, ...urls, logger, workers: 1 }, shutdown);
    return { url, lost: lost.promise };
  });
}

/** When `starting` fails, everything that it started is closed. Otherwise `close` does that. */
export async function startOrUndo<T extends object>(
  starting: (shutdown: Shutdown) => Promise<T>,
): Promise<T & Pick<Server, 'left' | 'close'>> {
  const shutdown = createShutdown();
  try {
    const started = await starting(shutdown);
    return {
      ...started,
      get left() {
        return shutdown.left;
      },
      close: async () => shutdown[Symbol.asyncDispose](),
    };
  } catch (error) {
    await shutdown[Symbol.asyncDispose]();
    throw error;
  }
}

interface Preparing {
  readonly config: Config;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Called when an embedded service ends. */
  readonly onLost: (failure: StartFailure) => void;
}

/** Resolves when both services can be reached and the database has this version's schema. */
export async function prepareServices(
  { config, logger, signal, onLost }: Preparing,
  shutdown: Shutdown,
): Promise<ServiceUrls> {
  const services = await provideServices(serviceOptionsOf(config), { onProgress: (what) => logger.info(what), onLost });
  shutdown.defer('services', () => services[Symbol.asyncDispose]());
  const { databaseUrl, natsUrl } = services;
  const patience = {
    wait: config.START_TIMEOUT * 1_000,
    signal,
    onWaiting: (what: string) => logger.warn(what),
  };
  await reachNats(natsUrl, patience);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => {}); // The next statement reports the error.
  try {
    await reachDatabase(pool, databaseUrl, patience);
    await migrateOrFail(pool, logger);
    await refuseDemoPasswords(pool, config);
  } finally {
    await pool.end();
  }
  return { databaseUrl, natsUrl };
}

export interface ServingOptions extends ServiceUrls {
  readonly config: Config;
  readonly logger: Logger;
  /** The number of processes of this host, which share the connections to the database. */
  readonly workers: number;
  readonly worker?: NonNullable<RuntimeOptions['worker']>;
}

export interface Serving {
  readonly url: string;
  readonly httpServer: HttpServer;
}

/** Starts the runtime on prepared services, and listens. */
export async function serve(options: ServingOptions, shutdown: Shutdown): Promise<Serving> {
  const { config, databaseUrl, logger, workers } = options;
  const { least, most } = PROCESS_CONNECTIONS;
  const max = Math.min(most, Math.max(least, Math.floor(HOST_CONNECTIONS / workers)));
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max,
    connectionTimeoutMillis: 5_000,
    // Without these, a query waits for a vanished server until the operating system gives the connection up.
    keepAlive: true,
    query_timeout: STATEMENT_TIMEOUT,
    // The server gives up as well: a statement that nobody waits for any more would keep its connection and its locks.
    statement_timeout: STATEMENT_TIMEOUT,
    lock_timeout: LOCK_TIMEOUT,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT,
    application_name: 'deskwire',
  });
  // The pool reports errors of idle connections only. An unhandled error of a connection in use ends the process.
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      if (!pool.ending) logger.warn({ err: error }, 'a database connection was lost');
    });
  });
  pool.on('error', () => undefined);
  shutdown.defer('database connections', () => pool.end());
  const app = await startRuntime({ ...options, pool }, shutdown);
  const url = await listen(app, config);
  return { url, httpServer: app.server as HttpServer };
}

async function migrateOrFail(pool: pg.Pool, logger: Logger): Promise<void> {
  try {
    const names = await migrate(pool);
    if (names.length > 0) logger.info({ migrations: names }, 'the database was migrated');
  } catch (cause) {
    throw new StartFailure(`the database cannot be brought to this version's schema: ${messageOf(cause)}.`, { cause });
  }
}

async function listen(
  app: { listen(options: { port: number; host: string }): Promise<string> },
  { HOST, PORT }: Config,
): Promise<string> {
  try {
    return await app.listen({ port: PORT, host: HOST });
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'EADDRINUSE') {
      throw new StartFailure(`port ${PORT} is taken: stop what uses it, or set PORT to another.`, { cause });
    }
    if (code === 'EACCES') {
      throw new StartFailure(`port ${PORT} needs privileges that we do not have: set PORT to one above 1023.`, {
        cause,
      });
    }
    throw new StartFailure(`cannot serve on ${HOST}, port ${PORT} (${messageOf(cause)}): check HOST and PORT.`, {
      cause,
    });
  }
}
