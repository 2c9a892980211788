/** Reads of the event log. Every statement is prepared and served by an index; none waits for an append. */
import type { Pool, QueryResultRow } from 'pg';
import type { RecordedEvent } from '../domain/event.ts';
import type { EventReader } from './event-log.ts';

const COLUMNS = `e.position, e.stream, e.version, e.id, e.type, e.data, e.metadata,
  (extract(epoch from e.time) * 1000)::bigint as time`;

interface EventRow extends QueryResultRow {
  readonly position: string;
  readonly stream: string;
  readonly version: number;
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  /** Milliseconds since 1970. */
  readonly time: string;
}

export function createEventReader(pool: Pool): EventReader {
  async function read(name: string, text: string, values: readonly unknown[]): Promise<RecordedEvent[]> {
    const { rows } = await pool.query<EventRow>({ name, text, values: [...values] });
    return rows.map(recordedEvent);
  }

  return {
    readStream: ({ stream, after, limit }) =>
      read(
        'read_stream',
        `select ${COLUMNS} from deskwire.events e where e.stream = $1 and e.version > $2 order by e.version limit $3`,
        [stream, after, limit],
      ),

    async readStreams(ranges) {
      const { rows } = await pool.query<EventRow & { range: string }>({
        name: 'read_streams',
        text: `select r.range, ${COLUMNS}
          from unnest($1::text[], $2::integer[], $3::integer[]) with ordinality as r(stream, after, size, range)
          cross join lateral (
            select * from deskwire.events e
            where e.stream = r.stream and e.version > r.after order by e.version limit r.size
          ) e
          order by r.range, e.version`,
        values: [ranges.map((r) => r.stream), ranges.map((r) => r.after), ranges.map((r) => r.limit)],
      });
      const results: RecordedEvent[][] = ranges.map(() => []);
      for (const row of rows) results[Number(row.range) - 1]?.push(recordedEvent(row));
      return results;
    },

    readLog: (after, limit) =>
      read('read_log', `select ${COLUMNS} from deskwire.events e where e.position > $1 order by e.position limit $2`, [
        after,
        limit,
      ]),

    readCommand: (stream, commandId) =>
      // A command's events follow each other in its stream: its first one, and those after it that name no other.
      read(
        'read_command',
        `select ${COLUMNS} from deskwire.events e,
          (select version from deskwire.events where stream = $1 and command_id = $2) f
          where e.stream = $1 and e.version >= f.version and e.version < coalesce((
            select n.version from deskwire.events n
            where n.stream = $1 and n.version > f.version and n.command_id is not null order by n.version limit 1
          ), 2147483647)
          order by e.version`,
        [stream, commandId],
      ),

    async readVersions(streams) {
      const { rows } = await pool.query<{ version: number }>({
        name: 'read_versions',
        text: `select coalesce((
            select e.version from deskwire.events e where e.stream = s.stream order by e.version desc limit 1
          ), 0) as version
          from unnest($1::text[]) with ordinality as s(stream, n) order by s.n`,
        values: [[...streams]],
      });
      return rows.map((row) => row.version);
    },

    async head() {
      const { rows } = await pool.query<{ position: string; epoch: string }>({
        name: 'log_head',
        text: 'select position, epoch from deskwire.log_head',
      });
      const [row] = rows;
      if (!row) throw new Error('deskwire.log_head has no row');
      return { position: Number(row.position), epoch: row.epoch };
    },
  };
}

/** Rows hold what was recorded, and `evolve` accepts every event ever recorded: hence the assertion. */
function recordedEvent(row: EventRow): RecordedEvent {
  return {
    position: Number(row.position),
    stream: row.stream,
    version: row.version,
    id: row.id,
    type: row.type,
    time: new Date(Number(row.time)).toISOString(),
    data: row.data,
    metadata: row.metadata,
  } as RecordedEvent;
}
