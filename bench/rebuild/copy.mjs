/**
 * The upper bound of Postgres: `COPY` of the rows of all read models into the same tables with the same indexes, table
 * by table. The rows are in files, in the order in which `COPY` wrote them.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { serveCalls } from '../support/worker.ts';

const TABLES = `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any ($1)`;

let client;
let folder;
let tables = [];
let rows = 0;

serveCalls(
  {
    async open(url) {
      client = new pg.Client({ connectionString: url });
      await client.connect();
      folder = await mkdtemp(join(tmpdir(), 'deskwire-bench-rows-'));
    },
    /** Saves the rows of every table of these schemas. Returns the number of rows. */
    async take(schemas) {
      tables = (await client.query(TABLES, [schemas])).rows.map((row) => row.name);
      rows = 0;
      for (const [index, table] of tables.entries()) {
        const stream = client.query(copyTo(`copy ${table} to stdout`));
        await pipeline(stream, createWriteStream(join(folder, String(index))));
        rows += stream.rowCount;
      }
      return rows;
    },
    /** Empties the tables and copies the rows back. Returns the seconds that the copying took. */
    async copy() {
      await client.query(`truncate ${tables.join(', ')}`);
      await client.query('checkpoint');
      const started = performance.now();
      for (const [index, table] of tables.entries()) {
        await pipeline(
          createReadStream(join(folder, String(index)), { highWaterMark: 1024 * 1024 }),
          client.query(copyFrom(`copy ${table} from stdin`)),
        );
      }
      return (performance.now() - started) / 1_000;
    },
  },
  async () => {
    await client.end();
    await rm(folder, { recursive: true });
  },
);
