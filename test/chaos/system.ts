/**
 * The system under test: a PostgreSQL and a nats-server of the run's own, and three nodes, one of them with two
 * workers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrate } from '../../src/eventlog/migrate.ts';
import type { PausablePower, Power } from '../support/power.ts';
import { until } from '../support/until.ts';
import { type ChaosNode, startNode } from './node.ts';

export interface Services {
  startPostgres(): Promise<Power>;
  startNats(): Promise<PausablePower>;
  /** The temporary folder of the run. */
  readonly directory: string;
  /** The folder that contains the `src/` under test. */
  readonly root: string;
}

export interface ChaosSystem extends AsyncDisposable {
  readonly postgres: Power;
  readonly nats: PausablePower;
  readonly nodes: readonly ChaosNode[];
  /** Connects to Postgres directly, not over the links, and again after each failure. */
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  readonly database: string;
  /** Runs statements on the server's default database. */
  asAdmin(...statements: readonly string[]): Promise<void>;
  /** Resolves when at least this many nodes are ready. */
  have(nodes: number): Promise<void>;
}

const DATABASE = 'deskwire';
/** Milliseconds for a node to start on a busy machine. */
const TIMEOUT = { timeoutMs: 90_000, everyMs: 20 };

export async function startSystem(services: Services): Promise<ChaosSystem> {
  await using opening = new AsyncDisposableStack();
  const postgres = opening.use(await services.startPostgres());
  const nats = opening.use(await services.startNats());

  async function asAdmin(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url });
    client.on('error', () => undefined); // The failing statement reports the error.
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  await asAdmin(`create database ${DATABASE}`);
  const url = new URL(postgres.url);
  url.pathname = `/${DATABASE}`;
  const databaseUrl = url.href;
  await migrate(databaseUrl);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 3 });
  pool.on('error', () => undefined); // Postgres is killed on purpose.
  opening.defer(() => pool.end());

  const nodes: ChaosNode[] = [];
  const { root, directory } = services;
  for (const [name, workers] of [['n1', 1] as const, ['n2', 2] as const, ['n3', 1] as const]) {
    const node = opening.use(await startNode({ name, databaseUrl, natsUrl: nats.url, workers, root, directory }));
    nodes.push(node);
    // The first node seeds the log and builds the read models.
    if (nodes.length === 1) await node.process.ready;
  }
  await Promise.all(nodes.map((node) => node.process.ready));

  const owned = opening.move();
  return {
    postgres,
    nats,
    nodes,
    pool,
    databaseUrl,
    database: DATABASE,
    asAdmin,
    async have(count) {
      await until(() => nodes.filter(({ ready }) => ready).length >= count, `${count} nodes to be ready`, TIMEOUT);
      // The other processes learn of a new ready process a moment later.
      await sleep(0);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
