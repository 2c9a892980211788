/**
 * The upper bound of Postgres: `COPY` of the same rows into the same table with the same three indexes. One COPY writes
 * all rows of a turn, which are prepared before it. It checks no versions and answers no command before the end.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { migrate } from '../../src/eventlog/migrate.ts';
import { CONCURRENT, newMessagePosted, STREAMS_PER_LOOP } from '../support/events.ts';
import { serveCalls } from '../support/worker.ts';

const COLUMNS = 'position, stream, version, id, type, data, metadata, time, command_id';
const LINES_PER_CHUNK = 200;

let client;
let position = 0;
const versions = new Map();

function nextLine() {
  position += 1;
  const stream = `ticket.${position % CONCURRENT}-${position % (CONCURRENT * STREAMS_PER_LOOP)}`;
  const version = (versions.get(stream) ?? 0) + 1;
  versions.set(stream, version);
  const { id, type, data, metadata } = newMessagePosted();
  const time = new Date().toISOString();
  const fields = [position, stream, version, id, type, JSON.stringify(data), JSON.stringify(metadata), time];
  return `${[...fields, metadata.commandId].join('\t')}\n`;
}

serveCalls(
  {
    async open(url) {
      await migrate(url);
      client = new pg.Client({ connectionString: url });
      await client.connect();
    },
    async append(events) {
      const chunks = [];
      for (let left = events; left > 0; left -= LINES_PER_CHUNK) {
        const lines = Array.from({ length: Math.min(left, LINES_PER_CHUNK) }, nextLine);
        chunks.push(Buffer.from(lines.join('')));
      }
      const started = performance.now();
      await pipeline(Readable.from(chunks), client.query(copyFrom(`copy deskwire.events (${COLUMNS}) from stdin`)));
      return { events, seconds: (performance.now() - started) / 1_000 };
    },
  },
  () => client.end(),
);
