/**
 * Migrates a database to the schema of this version. All migrations of `migrations/` that the database lacks run in one
 * transaction. An advisory lock makes processes that start together run each migration once. Released migrations never
 * change. A database with migrations that this version does not know is refused.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Kysely, type Migration, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import { paths } from '../support/paths.ts';

/** Returns the names of the migrations that were run. Rejects if one fails; then the database is unchanged. */
export function migrate(database: string | pg.Pool): Promise<string[]> {
  return withMigrator(database, async (migrator) => {
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return results.map((result) => result.migrationName);
    const failed = results.find((result) => result.status === 'Error');
    throw failed ? new Error(`migration ${failed.migrationName} failed`, { cause: error }) : error;
  });
}

/** Returns the names of the migrations that the database lacks. */
export function pendingMigrations(database: string | pg.Pool): Promise<string[]> {
  return withMigrator(database, async (migrator) => {
    const migrations = await migrator.getMigrations();
    return migrations.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
  });
}

async function withMigrator<T>(database: string | pg.Pool, use: (migrator: Migrator) => Promise<T>): Promise<T> {
  const pool = typeof database === 'string' ? new pg.Pool({ connectionString: database, max: 1 }) : database;
  try {
    return await use(
      new Migrator({
        db: new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }),
        provider: { getMigrations: readMigrations },
        migrationTableSchema: 'deskwire',
        migrationTableName: 'migrations',
        migrationLockTableName: 'migrations_lock',
      }),
    );
  } finally {
    if (typeof database === 'string') await pool.end();
  }
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(paths.migrations)).filter((file) => /^\d{4}_\w+\.ts$/.test(file)).sort();
  const migrations: Record<string, Migration> = {};
  for (const file of files)
    migrations[file.slice(0, -3)] = await import(pathToFileURL(join(paths.migrations, file)).href);
  return migrations;
}
