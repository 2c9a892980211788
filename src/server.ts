/**
 * The composition root: provides services, brings the database to this version's schema, starts the parts
 * (`parts.ts`) and listens. Tests start the same server in-process.
 */
import pg from 'pg';
import type { Config } from './config.ts';
import { migrate } from './eventlog/migrate.ts';
import type { Logger } from './logging.ts';
import { startParts } from './parts.ts';
import { provideServices } from './services/embedded.ts';
import { messageOf, StartFailure, systemErrorCode } from './services/failure.ts';
import { reachDatabase, reachNats } from './services/reach.ts';

export interface Server {
  /** Where it serves, as a client on this machine reaches it. */
  readonly url: string;
  /** Resolves when something that it cannot do without is lost; it should then be closed. */
  readonly lost: Promise<StartFailure>;
  /** Drains, then stops everything that it started. */
  close(): Promise<void>;
}

/** Rejects with a StartFailure when the configuration or the surroundings are wrong; nothing is left running then. */
export async function start(config: Config, logger: Logger): Promise<Server> {
  await using parts = new AsyncDisposableStack();
  const lost = Promise.withResolvers<StartFailure>();

  const { databaseUrl, natsUrl } = parts.use(
    await provideServices(config, { onProgress: (what) => logger.info(what), onLost: lost.resolve }),
  );
  await reachNats(natsUrl);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 20, connectionTimeoutMillis: 5_000 });
  // Of each connection and not just of the pool, which hears only of idle ones: a connection that is lost between two
  // statements of somebody who holds it would otherwise end the process.
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      if (!pool.ending) logger.warn({ err: error }, 'a database connection was lost');
    });
  });
  pool.on('error', () => undefined);
  parts.defer(() => pool.end());
  await reachDatabase(pool, databaseUrl);
  await migrateOrFail(pool, logger);

  const app = await startParts({ config, databaseUrl, natsUrl, pool, logger }, parts);

  const url = await listen(app, config);
  const owned = parts.move();
  return { url, lost: lost.promise, close: () => owned.disposeAsync() };
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
