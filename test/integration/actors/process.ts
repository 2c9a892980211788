/** The actors of one Deskwire process, on a database that several such processes of a test may share. */
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { ActorSystem } from '../../../src/actors/actor-system.ts';
import { type ActorLimits, createActorSystem } from '../../../src/actors/local-actor-system.ts';
import { createSnapshotStore } from '../../../src/actors/snapshots.ts';
import { deciders } from '../../../src/domain/deciders.ts';
import { createAppender } from '../../../src/eventlog/appender.ts';
import type { Appender, EventReader } from '../../../src/eventlog/event-log.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { recordingLog } from '../../unit/actors/desk.ts';

export interface TestProcess extends AsyncDisposable {
  readonly actors: ActorSystem;
  readonly appender: Appender;
  readonly reader: EventReader;
  readonly pool: pg.Pool;
}

export function startProcess(url: string, limits: Partial<ActorLimits> = {}): TestProcess {
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  const reader = createEventReader(pool);
  const appender = createAppender(pool, { maxFlushEvents: 1_000, maxQueuedEvents: 50_000 });
  const actors = createActorSystem({
    appender,
    reader,
    snapshots: createSnapshotStore(pool),
    deciders,
    contextOf: { ticket: () => ({ relations: { vendorIds: [] } }) },
    now: Date.now,
    newId: uuidv7,
    log: recordingLog().log,
    limits,
  });
  return {
    actors,
    appender,
    reader,
    pool,
    async [Symbol.asyncDispose]() {
      await actors.close();
      await appender.close();
      await pool.end();
    },
  };
}
