/**
 * The PostgreSQL and the nats-server of a benchmark: those of `npm start`, with the same settings (fsync on), in a
 * temporary folder. Every side gets a database of its own on the same PostgreSQL.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { provideServices } from '../../src/embedded/embedded.ts';

export interface BenchServices extends AsyncDisposable {
  readonly natsUrl: string;
  /** Creates a database and returns its URL. */
  createDatabase(name: string): Promise<string>;
}

export async function startServices(): Promise<BenchServices> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'deskwire-bench-'));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  // When root runs the benchmark, PostgreSQL runs as another user, who must be able to enter the folder.
  await chmod(directory, 0o755);
  const services = await provideServices(
    { dataDir: directory },
    {
      onProgress: (what) => process.stderr.write(`${what}\n`),
      onLost(failure) {
        throw failure;
      },
    },
  );
  started.use(services);
  const owned = started.move();
  return {
    natsUrl: services.natsUrl,
    async createDatabase(name) {
      await query(services.databaseUrl, `create database ${pg.escapeIdentifier(name)}`);
      const url = new URL(services.databaseUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
