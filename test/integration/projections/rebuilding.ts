/** Shared by the tests of rebuilds: a load, readers that check every answer, and the rebuilds themselves. */
import pg from 'pg';
import type { DomainEvent, Stream } from '../../../src/domain/event.ts';
import type { UserFacts } from '../../../src/domain/user/identity.ts';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { createEventReader } from '../../../src/eventlog/reader.ts';
import { getProjectionStatus } from '../../../src/projections/admin/status.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, type ProjectionName } from '../../../src/projections/catalog.ts';
import { createQueries } from '../../../src/projections/queries/create-queries.ts';
import { createLogBatches } from '../../../src/projections/rebuild/log-batches.ts';
import { type RebuildOptions, rebuild, rollBack } from '../../../src/projections/rebuild/rebuild.ts';
import { type Cluster, type Process, quiet } from './cluster.ts';

export const admin: UserFacts = { id: 'admin', name: 'Admin', role: 'admin', active: true };

export function rebuildOptions(cluster: Cluster): RebuildOptions {
  const reader = createEventReader(cluster.pool);
  return {
    database: { connectionString: cluster.url },
    reader,
    batches: createLogBatches(reader),
    log: quiet,
    signal: new AbortController().signal,
  };
}

export const rebuildOf = (
  cluster: Cluster,
  name: ProjectionName,
  options: Partial<RebuildOptions & { swap: boolean }> = {},
) => rebuild(PROJECTIONS[name], DEFAULT_SCHEMAS[name], { ...rebuildOptions(cluster), ...options });

export const rollBackOf = (cluster: Cluster, name: ProjectionName) =>
  rollBack(PROJECTIONS[name], DEFAULT_SCHEMAS[name], rebuildOptions(cluster));

export const connectionOf = (cluster: Cluster) =>
  openDedicatedConnection({ connectionString: cluster.url }, 'test', { idleTimeout: 0 });

export async function statusOf(cluster: Cluster, name: ProjectionName) {
  const status = (await getProjectionStatus(cluster.pool)).find((one) => one.name === name);
  if (status === undefined) throw new Error(`no status of ${name}`);
  return status;
}

const opened = (number: number): DomainEvent => ({
  type: 'TicketOpened',
  data: {
    number,
    requesterId: 'requester',
    requesterName: 'R',
    description: 'It does not work',
    category: 'general',
    priority: 'low',
    grnId: String(number % 10),
    tags: [],
  },
});

export const posted = (id: string): DomainEvent => ({
  type: 'MessagePosted',
  data: { messageId: id, message: id, messageType: 'TEXT', attachments: [], internal: false },
});

export interface Load extends AsyncDisposable {
  /** The number of tickets that were opened so far. */
  readonly tickets: number;
  /** The position of the newest event. */
  readonly position: number;
}

/** Appends events for every read model, one batch after the other, until it is disposed of. */
export function startLoad(process: Process): Load {
  let stopped = false;
  let position = 0;
  let n = 0;
  const append = async (stream: Stream, ...events: readonly DomainEvent[]) => {
    position = await process.append(stream, ...events);
  };
  const run = async () => {
    await append('user.admin', { type: 'UserRegistered', data: { name: 'Admin', role: 'admin' } });
    await append('user.1', { type: 'UserRegistered', data: { name: 'One', role: 'driver' } });
    while (!stopped) {
      n += 1;
      const grn = String(n % 10);
      await append(`reference.grn-${grn}`, {
        type: 'ReferenceSet',
        data: { type: 'grn', id: grn, vendorId: `v-${n % 3}` },
      });
      await append(`ticket.t-${n}`, opened(n), ...['a', 'b', 'c'].map((message) => posted(`m-${n}-${message}`)), {
        type: 'TicketRead',
        data: { userId: 'requester', upTo: 2 },
      });
      if (n % 7 === 0) await append('user.admin', { type: 'AllNotificationsRead', data: {} });
      if (n % 11 === 0) {
        await append(`user.u-${n}`, { type: 'UserRegistered', data: { name: `U ${n}`, role: 'driver' } });
      }
    }
  };
  const done = run();
  return {
    get tickets() {
      return n;
    },
    get position() {
      return position;
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await done;
    },
  };
}

export interface Watch extends AsyncDisposable {
  /** Reads that failed or went back in time. */
  readonly failures: readonly unknown[];
  readonly reads: number;
}

/** Repeats every query with prepared statements, and compares each answer with the one before. */
export function startWatch(cluster: Cluster): Watch {
  const pool = new pg.Pool({ connectionString: cluster.url, max: 9 });
  pool.on('error', () => {});
  const queries = createQueries({ pool });
  const failures: unknown[] = [];
  const highest = new Map<string, number>();
  let reads = 0;
  let stopped = false;

  const questions: Record<string, () => Promise<number>> = {
    inbox: async () => (await queries.inbox(admin)).seq,
    notifications: async () => (await queries.notificationsAfter(admin, 0, 10_000)).length,
    tickets: async () => (await queries.tickets({}, admin, { limit: 1 })).items[0]?.number ?? 0,
    messages: async () => (await queries.messages('t-1', { view: 'staff', limit: 10 })).total,
    conversations: async () => (await pool.query<{ n: number }>(CONVERSATIONS)).rows[0]?.n ?? 0,
    participants: async () => (await queries.participants('t-1', 'staff')).length,
    users: async () => (await queries.users({}, { limit: 1_000 })).items.length,
    references: async () => ((await queries.reference('grn', '1')) ? 1 : 0),
    ticket: async () => (await queries.ticket('1', admin))?.version ?? 0,
  };
  const watch = async (what: string, ask: () => Promise<number>) => {
    while (!stopped) {
      try {
        const seen = await ask();
        const before = highest.get(what) ?? 0;
        if (seen < before) failures.push(new Error(`${what} went back from ${before} to ${seen}`));
        highest.set(what, Math.max(seen, before));
        reads += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const watching = Promise.all(Object.entries(questions).map(([what, ask]) => watch(what, ask)));
  return {
    failures,
    get reads() {
      return reads;
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await watching;
      if (!pool.ending) await pool.end();
    },
  };
}

const CONVERSATIONS = {
  name: 'conversations',
  text: `select count(*)::integer as n from ${DEFAULT_SCHEMAS.messages}.conversations`,
};
