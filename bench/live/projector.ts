/** Applies events to all projections side by side, as their runners do, but without pauses between batches. */
import pg from 'pg';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { openDedicatedConnection } from '../../src/eventlog/dedicated-connection.ts';
import { createEventReader } from '../../src/eventlog/reader.ts';
import { PROJECTIONS } from '../../src/projections/catalog.ts';
import { type Applier, createApplier } from '../../src/projections/engine/applier.ts';
import { readCheckpoint } from '../../src/projections/engine/checkpoints.ts';
import type { Projection } from '../../src/projections/engine/projection.ts';
import { serveCalls } from '../support/worker.ts';

export interface Projected {
  readonly events: number;
  readonly seconds: number;
}

/** Events that are recorded in 50 ms at 4,000 commands a second. */
const BATCH = 200;
const READ_AT_ONCE = 5_000;

const stack = new AsyncDisposableStack();
let pool: pg.Pool;
let appliers: Applier[] = [];

async function applierOf(url: string, projection: Projection): Promise<Applier> {
  const connection = stack.use(await openDedicatedConnection({ connectionString: url }, 'bench', { idleTimeout: 0 }));
  const { schema, generation, position } = await readCheckpoint(connection.query, projection);
  await connection.script(`set search_path to ${pg.escapeIdentifier(schema)}`);
  return createApplier({
    target: { projection, schema, generation, serving: true },
    position,
    query: connection.query,
    readStream: createEventReader(pool).readStream,
    signal: new AbortController().signal,
    pauses: [],
    publishInbox: () => {},
    onParked(event, error) {
      throw new Error(`${projection.name} cannot handle ${event.position}`, { cause: error });
    },
  });
}

async function newEvents(): Promise<RecordedEvent[][]> {
  const { readLog } = createEventReader(pool);
  const batches: RecordedEvent[][] = [];
  let position = appliers[0]?.position ?? 0;
  for (;;) {
    const events = await readLog(position, READ_AT_ONCE);
    if (events.length === 0) return batches;
    for (let at = 0; at < events.length; at += BATCH) batches.push(events.slice(at, at + BATCH));
    position = events.at(-1)?.position ?? position;
  }
}

serveCalls(
  {
    async open(url: string) {
      pool = new pg.Pool({ connectionString: url, max: 2 });
      stack.defer(() => pool.end());
      appliers = await Promise.all(Object.values(PROJECTIONS).map((projection) => applierOf(url, projection)));
    },
    /** Projects the events that the read models lack. */
    async project(): Promise<Projected> {
      const batches = await newEvents();
      const started = performance.now();
      await Promise.all(
        appliers.map(async (applier) => {
          for (const batch of batches) await applier.apply(batch);
          if (applier.unsaved) await applier.save();
        }),
      );
      return { events: batches.flat().length, seconds: (performance.now() - started) / 1_000 };
    },
  },
  () => stack[Symbol.asyncDispose](),
);
