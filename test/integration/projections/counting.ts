/** A projection that stores the events that it handles, in that order, and fails where a test wants it to. */
import type pg from 'pg';
import type { RecordedEvent } from '../../../src/domain/event.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import type { Projection } from '../../../src/projections/engine/projection.ts';
import { type Runner, startRunner } from '../../../src/projections/engine/runner.ts';
import { createEmptyReadModel } from '../../../src/projections/rebuild/provide.ts';
import { type Cluster, type Process, quiet } from './cluster.ts';

/** `check` throws for an event that cannot be handled. With a real projection's `name` operators' commands reach it. */
export function countingProjection(check: (event: RecordedEvent) => void = () => {}, name = 'counting'): Projection {
  return {
    name,
    version: 1,
    ddl: `
      create table counted (n integer generated always as identity, position integer not null, message text);
      create function write(events json) returns void language plpgsql set search_path from current as $$
      begin
        insert into counted (position, message)
        select e.position, e.message from json_to_recordset(events) as e(position integer, message text);
        if exists (select from json_to_recordset(events) as e(message text) where e.message = 'refused by the database') then
          raise exception 'the database cannot';
        end if;
      end $$;
    `,
    start: () => ({
      fold(events) {
        for (const event of events) check(event);
        return {
          payload: [
            events.map((event) => ({
              position: event.position,
              message: event.type === 'NotificationSent' ? event.data.message : null,
            })),
          ],
        };
      },
    }),
  };
}

/** The positions of the handled events, in the order in which they were handled. */
export async function countedIn(pool: pg.Pool, schema = 'counting'): Promise<number[]> {
  const { rows } = await pool.query<{ position: number }>(`select position from ${schema}.counted order by n`);
  return rows.map((row) => row.position);
}

/**
 * Creates the projection's read model and runs it with short pauses. `onMoved` is called when its position has moved.
 */
export async function runCounting(
  cluster: Cluster,
  process: Process,
  projection: Projection,
  onMoved: () => void = () => {},
): Promise<Runner> {
  await using connection = await openDedicatedConnection({ connectionString: cluster.url }, 'test');
  await createEmptyReadModel(connection, projection, 'counting');
  return startRunner({
    projection,
    database: { connectionString: cluster.url },
    feed: process.feed,
    readStream: createEventReader(cluster.pool).readStream,
    log: quiet,
    onMoved,
    pauses: [1, 1],
  });
}
