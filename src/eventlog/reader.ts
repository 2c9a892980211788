/** Reads of the event log. Every statement is prepared and served by an index; none waits for an append. */
import type { Pool, QueryResultRow } from 'pg';
import type { RecordedEvent } from '../domain/event.ts';
import type { CommandKey, EventReader } from './event-log.ts';

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
  /** Unix time in milliseconds. */
  readonly time: string;
}

export function createEventReader(pool: Pool): EventReader {
  async function read(name: string, text: string, values: readonly unknown[]): Promise<RecordedEvent[]> {
    const { rows } = await pool.query<EventRow>({ name, text, values: [...values] });
    return rows.map(recordedEvent);
  }

  /** A command's events follow each other in its stream: the one that names it, and those after it that name none. */
  async function readCommands(commands: readonly CommandKey[]): Promise<RecordedEvent[][]> {
    const { rows } = await pool.query<EventRow & { command: string }>({
      name: 'read_commands',
      text: `select c.command, ${COLUMNS}
        from unnest($1::text[], $2::text[]) with ordinality as c(stream, command_id, command)
        join deskwire.events f on f.stream = c.stream and f.command_id = c.command_id
        cross join lateral (
          select * from deskwire.events e
          where e.stream = f.stream and e.version >= f.version and e.version < coalesce((
            select n.version from deskwire.events n
            where n.stream = f.stream and n.version > f.version and n.command_id is not null
            order by n.version limit 1
          ), 2147483647)
        ) e
        order by c.command, e.version`,
      values: [commands.map((c) => c.stream), commands.map((c) => c.commandId)],
    });
    return grouped(commands.length, rows, (row) => row.command);
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
      return grouped(ranges.length, rows, (row) => row.range);
    },

    readLog: (after, limit) =>
      read('read_log', `select ${COLUMNS} from deskwire.events e where e.position > $1 order by e.position limit $2`, [
        after,
        limit,
      ]),

    readCommand: async (stream, commandId) => (await readCommands([{ stream, commandId }]))[0] ?? [],

    readCommands,

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

/** Rows by the place, from 1, of what was asked. */
function grouped<Row extends EventRow>(size: number, rows: readonly Row[], placeOf: (row: Row) => string) {
  const results: RecordedEvent[][] = Array.from({ length: size }, () => []);
  for (const row of rows) results[Number(placeOf(row)) - 1]?.push(recordedEvent(row));
  return results;
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
