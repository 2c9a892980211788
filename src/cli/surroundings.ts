/**
 * The database and the broker that a command works with. They are found through the configuration or, when a server
 * runs its own backing services, through DATA_DIR. Connections are opened at first use and closed at the end of the
 * command.
 */
import pg, { type ClientConfig } from 'pg';
import { pino } from 'pino';
import type { BrokerConnection } from '../broker/broker-connection.ts';
import type { Broker } from '../broker/port.ts';
import { reachDatabase, reachNats } from '../embedded/reach.ts';
import { type RunningServices, runningServices } from '../embedded/running.ts';
import { type Config, readConfig, serviceOptionsOf } from '../runtime/config.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';

export interface Surroundings extends AsyncDisposable {
  readonly output: Output;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  config(): Config;
  services(): Promise<RunningServices>;
  pool(): Promise<pg.Pool>;
  database(): Promise<ClientConfig>;
  broker(): Promise<{ readonly broker: Broker; readonly connection: BrokerConnection }>;
}

const APPLICATION = 'deskwire command';
/**
 * Milliseconds for a connection to the database. Longer than a server waits: a server tries again, a command ends. Also
 * the time that a query waits for a free connection of the pool.
 */
const CONNECT_TIMEOUT = 60_000;

export function createSurroundings(
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
  signal: AbortSignal,
): Surroundings {
  const owned = new AsyncDisposableStack();
  const config = once(() => readConfig(env));
  const services = once(() => runningServices(serviceOptionsOf(config())));
  const database = async () => ({
    connectionString: (await services()).databaseUrl,
    application_name: APPLICATION,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
  });
  const pool = once(async () => {
    const opened = new pg.Pool({ ...(await database()), max: 8 });
    opened.on('error', () => {}); // The next query reports the error.
    owned.defer(() => opened.end());
    await reachDatabase(opened, (await services()).databaseUrl);
    await requireMigrations(opened);
    return opened;
  });
  const broker = once(async () => {
    const { natsUrl } = await services();
    await reachNats(natsUrl);
    // Loaded here because few commands need it, and loading takes longer than most commands.
    const { connectOrFail } = await import('../runtime/connect-broker.ts');
    const { watchClusterKeys } = await import('../eventlog/cluster-keys.ts');
    const keys = await watchClusterKeys({ pool: await pool(), onError: () => {} }); // The keys from the start stay.
    owned.defer(() => keys.close());
    const connected = await connectOrFail({
      url: natsUrl,
      caFile: config().NATS_CA,
      keys,
      namespace: 'deskwire',
      name: APPLICATION,
      log: pino({ level: 'silent' }),
    });
    owned.defer(() => connected.broker.close());
    return connected;
  });
  return {
    output,
    signal,
    config,
    services,
    pool,
    database,
    broker,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** All commands except `migrate` and `doctor` need the schema up to the migration that creates this table. */
async function requireMigrations(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ there: boolean }>(
    "select to_regclass('deskwire.projection_builds') is not null as there",
  );
  if (rows[0]?.there !== true) {
    throw new CommandError(EXIT.failed, 'the database is not at the schema of this version: run `deskwire migrate`.');
  }
}
