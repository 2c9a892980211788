/** Our side of the append benchmark: the group-committing appender, as the actors call it, on a migrated database. */
import pg from 'pg';
import { streamOf } from '../../src/domain/event.ts';
import { createAppender } from '../../src/eventlog/appender.ts';
import { migrate } from '../../src/eventlog/migrate.ts';
import { appendConcurrently, newMessagePosted, STREAMS_PER_LOOP } from '../support/events.ts';
import { serveCalls } from '../support/worker.ts';

let pool: pg.Pool;
let appender: ReturnType<typeof createAppender>;
const versions = new Map<string, number>();

serveCalls(
  {
    async open(url: string) {
      await migrate(url);
      pool = new pg.Pool({ connectionString: url, max: 20 });
      appender = createAppender(pool, { maxFlushEvents: 500, maxQueuedEvents: 50_000 });
    },
    append: (seconds: number) =>
      appendConcurrently(seconds, async (loop, turn) => {
        const stream = streamOf('ticket', `${loop}-${turn % STREAMS_PER_LOOP}`);
        const expectedVersion = versions.get(stream) ?? 0;
        const { outcome } = await appender.append({ stream, expectedVersion, events: [newMessagePosted()] });
        if (outcome !== 'appended') throw new Error(`${stream}: ${outcome}`);
        versions.set(stream, expectedVersion + 1);
      }),
  },
  async () => {
    await appender.close();
    await pool.end();
  },
);
