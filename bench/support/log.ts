/** Writes events directly into the log's table, in the form in which they would be appended, to make long histories. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DomainEvent, Stream } from '../../src/domain/event.ts';
import type { Actor } from '../../src/domain/user/identity.ts';

export interface UnrecordedEvent {
  readonly stream: Stream;
  readonly event: DomainEvent;
  readonly by: Actor;
}

export const TEXT = 'The pallet is still at the gate, could somebody let the driver know when it can be picked up?';

const ROWS_PER_INSERT = 5_000;
const INSERT = `insert into deskwire.events (position, stream, version, id, type, data, metadata, time, command_id)
  select * from unnest($1::bigint[], $2::text[], $3::integer[], $4::uuid[], $5::text[], $6::json[], $7::json[],
    $8::timestamptz[], $9::text[])`;

export interface LogWriter extends AsyncDisposable {
  /** Resolves when the events are in the log. */
  append(events: Iterable<UnrecordedEvent>): Promise<void>;
  /** Vacuums and analyzes the table for the planner. */
  analyze(): Promise<void>;
}

/** The log must be empty, and no other process may append to it. */
export async function openLog(url: string): Promise<LogWriter> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const versions = new Map<Stream, number>();
  let position = 0;
  let columns: unknown[][] = emptyColumns();

  const add = ({ stream, event, by }: UnrecordedEvent) => {
    position += 1;
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    const commandId = randomUUID();
    const metadata = { commandId, correlationId: randomUUID(), actor: by, address: '192.0.2.17' };
    const time = new Date(Date.UTC(2026, 0, 1) + position * 10).toISOString();
    const row = [position, stream, version, randomUUID(), event.type, event.data, metadata, time, commandId];
    for (const [index, value] of row.entries()) {
      columns[index]?.push(typeof value === 'object' ? JSON.stringify(value) : value);
    }
  };

  const flush = async () => {
    await client.query(INSERT, columns);
    columns = emptyColumns();
  };

  return {
    async append(events) {
      for (const event of events) {
        add(event);
        if (position % ROWS_PER_INSERT === 0) await flush();
      }
      await flush();
    },
    analyze: async () => void (await client.query('vacuum analyze deskwire.events')),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

const emptyColumns = (): unknown[][] => Array.from({ length: 9 }, () => []);
