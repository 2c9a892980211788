/** Rebuilds all read models as `deskwire projections rebuild --all` does, in a process of its own. */
import pg from 'pg';
import { createEventReader } from '../../src/eventlog/reader.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, projectionNames } from '../../src/projections/catalog.ts';
import { createLogBatches } from '../../src/projections/rebuild/log-batches.ts';
import { rebuild } from '../../src/projections/rebuild/rebuild.ts';
import { serveCalls } from '../support/worker.ts';

let pool: pg.Pool;

serveCalls(
  {
    open(url: string) {
      pool = new pg.Pool({ connectionString: url, max: 4 });
    },
    /** Returns the seconds that the rebuild took. */
    async rebuild() {
      const reader = createEventReader(pool);
      const options = {
        database: pool.options,
        reader,
        batches: createLogBatches(reader),
        log: { info: () => {}, error: () => {} },
        signal: new AbortController().signal,
      };
      const started = performance.now();
      await Promise.all(projectionNames().map((name) => rebuild(PROJECTIONS[name], DEFAULT_SCHEMAS[name], options)));
      return (performance.now() - started) / 1_000;
    },
  },
  () => pool.end(),
);
