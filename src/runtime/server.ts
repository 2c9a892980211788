/**
 * The composition root of one process: provides services, brings the database to this version's schema, starts the
 * parts (`runtime.ts`) and listens. Tests start the same server in-process. With several workers, the primary
 * (`workers/primary.ts`) does the former two and each worker the rest.
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
  /** Where it serves, as a client on this machine reaches it. */
  readonly url: string;
  /** Resolves when something that it cannot do without is lost; it should then be closed. */
  readonly lost: Promise<StartFailure>;
  /** What is not closed yet. */
  readonly left: readonly string[];
  /** Drains, then stops everything that it started. */
  close(): Promise<void>;
}

/** The services that a process works on, as URLs. */
export interface ServiceUrls {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** Database connections of one host for statements, shared by its workers; runners and the relay have one more each. */
const HOST_CONNECTIONS = 40;
const PROCESS_CONNECTIONS = { least: 3, most: 20 };
/** Milliseconds, beyond what any statement of a request takes. */
const STATEMENT_TIMEOUT = 15_000;

/** Rejects with a StartFailure when the configuration or the surroundings are wrong; nothing is left running then. */
export async function start(config: Config, logger: Logger): Promise<Server> {
  const lost = Promise.withResolvers<StartFailure>();
  return startOrUndo(async (shutdown) => {
    const urls = await prepareServices(config, logger, shutdown, lost.resolve);
    const { url } = await serve({ config, ...urls, logger, workers: 1 }, shutdown);
    return { url, lost: lost.promise };
  });
}

/** What `starting` started is stopped again when it fails, and by `close` when it does not. */
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

/** Services that can be reached, and a database with this version's schema. */
export async function prepareServices(
  config: Config,
  logger: Logger,
  shutdown: Shutdown,
  onLost: (failure: StartFailure) => void,
): Promise<ServiceUrls> {
  const services = await provideServices(serviceOptionsOf(config), { onProgress: (what) => logger.info(what), onLost });
  shutdown.defer('services', () => services[Symbol.asyncDispose]());
  const { databaseUrl, natsUrl } = services;
  await reachNats(natsUrl);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => {}); // The next statement fails, and says so.
  try {
    await reachDatabase(pool, databaseUrl);
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
  /** How many processes of this host share the connections to the database. */
  readonly workers: number;
  readonly worker?: NonNullable<RuntimeOptions['worker']>;
}

export interface Serving {
  readonly url: string;
  readonly httpServer: HttpServer;
}

/** Serves on services that are there. */
export async function serve(options: ServingOptions, shutdown: Shutdown): Promise<Serving> {
  const { config, databaseUrl, logger, workers } = options;
  const { least, most } = PROCESS_CONNECTIONS;
  const max = Math.min(most, Math.max(least, Math.floor(HOST_CONNECTIONS / workers)));
  const pool = new pg.Pool({
    ...{ connectionString: databaseUrl, max, connectionTimeoutMillis: 5_000 },
    // A connection whose other end has vanished without a word would otherwise be waited for until the system gives it
    // up.
    ...{ keepAlive: true, query_timeout: STATEMENT_TIMEOUT },
  });
  // Of each connection and not just of the pool, which hears only of idle ones: a connection that is lost between two
  // statements of somebody who holds it would otherwise end the process.
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
