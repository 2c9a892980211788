/** Reads the state of the system at rest: the log, JetStream, the read models, and a rebuild of them. */
import { connect } from 'nats';
import type pg from 'pg';
import type { RecordedEvent } from '../../src/domain/event.ts';
import { createEventReader } from '../../src/eventlog/reader.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, projectionNames } from '../../src/projections/catalog.ts';
import { placeOf } from '../../src/projections/engine/tables.ts';
import { createQueries } from '../../src/projections/queries/create-queries.ts';
import { createLogBatches } from '../../src/projections/rebuild/log-batches.ts';
import { rebuild } from '../../src/projections/rebuild/rebuild.ts';
import { rowsOf } from '../integration/projections/rig.ts';
import { until } from '../support/until.ts';
import type { History, Tables, UnreadOf } from './history.ts';
import type { People } from './load/desk.ts';
import type { ChaosSystem } from './system.ts';

type Collected = Pick<
  History,
  'log' | 'head' | 'jetstream' | 'projections' | 'unread' | 'unreadNotifications' | 'unseenNotifications'
>;

const TIMEOUT = { timeoutMs: 60_000, everyMs: 50 };
const PORTION = 5_000;

export async function readLog(pool: pg.Pool): Promise<RecordedEvent[]> {
  const reader = createEventReader(pool);
  const log: RecordedEvent[] = [];
  for (;;) {
    const events = await reader.readLog(log.at(-1)?.position ?? 0, PORTION);
    log.push(...events);
    if (events.length < PORTION) return log;
  }
}

/** Waits until JetStream and the read models reach the head. If they do not, the checker reports what they lack. */
export async function collect(system: ChaosSystem, people: People): Promise<Collected> {
  const { pool } = system;
  const head = (await createEventReader(pool).head()).position;
  await until(() => allProjected(pool, head), 'the read models', TIMEOUT).catch(() => undefined);
  await until(async () => (await lastSequence(system.nats.url)) === head, 'JetStream', TIMEOUT).catch(() => undefined);
  const log = await readLog(pool);
  const queries = createQueries({ pool });
  const unread: UnreadOf[] = [];
  for (const { stream } of log.filter(({ type }) => type === 'TicketOpened')) {
    const ticketId = stream.slice('ticket.'.length);
    for (const { userId, unread: count } of await queries.participants(ticketId, 'staff')) {
      unread.push({ ticketId, userId, unread: count });
    }
  }
  const unreadNotifications: Record<string, number> = {};
  const unseenNotifications: Record<string, number> = {};
  for (const { id, staff } of Object.values(people)) {
    const role = staff ? 'admin' : 'driver';
    const inbox = await queries.inbox({ id, name: id, role, active: true });
    unreadNotifications[id] = inbox.unread;
    unseenNotifications[id] = inbox.unseen;
  }
  return {
    log,
    head,
    jetstream: await readJetStream(system.nats.url),
    projections: await readBoth(system),
    unread,
    unreadNotifications,
    unseenNotifications,
  };
}

async function allProjected(pool: pg.Pool, head: number): Promise<boolean> {
  const { rows } = await pool.query<{ behind: string }>(
    'select count(*) as behind from deskwire.projections where position < $1',
    [head],
  );
  return rows[0]?.behind === '0';
}

async function lastSequence(url: string): Promise<number> {
  const connection = await connect({ servers: url });
  try {
    return (await (await connection.jetstreamManager()).streams.info('deskwire-events')).state.last_seq;
  } finally {
    await connection.close();
  }
}

async function readJetStream(url: string): Promise<History['jetstream']> {
  const connection = await connect({ servers: url });
  try {
    const { state } = await (await connection.jetstreamManager()).streams.info('deskwire-events');
    const consumer = await connection.jetstream().consumers.get('deskwire-events');
    const held: { sequence: number; event: RecordedEvent }[] = [];
    while (held.length < state.messages) {
      const before = held.length;
      for await (const message of await consumer.fetch({ max_messages: PORTION, expires: 2_000 })) {
        held.push({ sequence: message.seq, event: message.json<RecordedEvent>() });
        if (held.length === state.messages) break;
      }
      if (held.length === before) break;
    }
    return held;
  } finally {
    await connection.close();
  }
}

/** Fills the tables of a rebuild without swapping them in, and reads the serving and the rebuilt tables. */
async function readBoth({ pool, databaseUrl }: ChaosSystem): Promise<History['projections']> {
  const reader = createEventReader(pool);
  const { signal } = new AbortController();
  const options = {
    database: { connectionString: databaseUrl },
    reader,
    batches: createLogBatches(reader),
    signal,
    swap: false,
    log: { info: () => undefined, error: () => undefined },
  };
  try {
    for (const name of projectionNames()) await rebuild(PROJECTIONS[name], DEFAULT_SCHEMAS[name], options);
  } catch (error) {
    return { serving: {}, rebuilt: {}, parked: 0, failure: String(error) };
  }
  const next = Object.fromEntries(projectionNames().map((name) => [name, placeOf(DEFAULT_SCHEMAS[name], 'next')]));
  const { rows } = await pool.query<{ parked: string }>('select count(*) as parked from deskwire.parked');
  return {
    serving: await rowsOf(pool, DEFAULT_SCHEMAS),
    rebuilt: renamed(await rowsOf(pool, next)),
    parked: Number(rows[0]?.parked),
  };
}

function renamed(tables: Tables): Tables {
  return Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name.replace('_next.', '.'), rows]));
}
