import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { abortRebuild, dropOld } from '../../../src/projections/admin/cleanup.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, projectionNames } from '../../../src/projections/catalog.ts';
import { finishSwap, placeOf, renameSchema } from '../../../src/projections/engine/tables.ts';
import { createReadModels } from '../../../src/projections/projections.ts';
import type { Progress } from '../../../src/projections/rebuild/progress.ts';
import { AbortedError, BusyError, NoPreviousError } from '../../../src/projections/rebuild/rebuild.ts';
import { until } from '../../support/until.ts';
import { type Cluster, createCluster, endConnections, type Process, waitsForLock } from './cluster.ts';
import {
  admin,
  connectionOf,
  posted,
  rebuildOf,
  rebuildOptions,
  rollBackOf,
  startLoad,
  startWatch,
  statusOf,
} from './rebuilding.ts';
import { rowsOf } from './rig.ts';

const { users, tickets, messages, notifications } = DEFAULT_SCHEMAS;

const publishedSeqs = (process: Process) =>
  process.signals
    .filter(({ userId }) => userId === 'admin')
    .flatMap(({ signal }) => signal.notifications.map((notification) => notification.seq));

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** Creates a cluster at rest, whose read models have some history. */
async function withHistory(tickets = 100) {
  const cluster = await createCluster();
  const process = cluster.startProcess();
  {
    await using load = startLoad(process);
    await until(() => load.tickets >= tickets, 'some history');
    await load[Symbol.asyncDispose]();
    expect(await process.projections.waitFor(load.position, 20_000)).toBe(true);
  }
  return { cluster, process, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

/** Creates a cluster with a ticket of more events than a rebuild applies in one batch. */
async function withLongHistory() {
  const world = await withHistory(20);
  const many = Array.from({ length: 3_000 }, (_, n) => posted(`more-${n}`));
  await world.process.append('ticket.t-1', ...many);
  const position = await world.process.append('ticket.t-1', ...many);
  expect(await world.process.projections.waitFor(position, 20_000)).toBe(true);
  return world;
}

const rowsAt = (cluster: Cluster, schema: string) =>
  rowsOf(cluster.pool, { it: schema }).then((tables) => Object.values(tables));

/** Interrupts a rebuild once it has reached `position`, and records its progress. */
const interruptAfter = (position: number) => {
  const controller = new AbortController();
  const positions: number[] = [];
  return {
    positions,
    signal: controller.signal,
    onProgress: (progress: Progress) => {
      positions.push(progress.position);
      if (progress.position >= position) controller.abort(new Error('interrupted'));
    },
  };
};

describe('a rebuild', () => {
  it('of each projection, three times, under load: reads neither fail nor go back, no notification comes twice', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await using load = startLoad(process);
    await until(() => load.tickets > 50, 'some history');
    await using watch = startWatch(cluster);
    await using connection = await connectionOf(cluster);
    for (const round of [1, 2, 3]) {
      for (const name of projectionNames()) {
        const before = load.tickets;
        await rebuildOf(cluster, name);
        await until(() => load.tickets > before + 5, 'the load to go on');
        await until(async () => (await statusOf(cluster, name)).serving?.running, 'the runner to go on');
        expect(watch.failures).toEqual([]);
        const { next, previous } = await statusOf(cluster, name);
        expect({ next, parked: previous?.parked }).toEqual({ next: undefined, parked: { streams: 0, events: 0 } });
        if (round === 2)
          expect(await dropOld(connection, PROJECTIONS[name])).toEqual([`${DEFAULT_SCHEMAS[name]}_previous`]);
      }
    }
    await load[Symbol.asyncDispose]();
    expect(await process.projections.waitFor(load.position, 20_000)).toBe(true);
    await watch[Symbol.asyncDispose]();
    expect(watch.failures).toEqual([]);
    expect(watch.reads).toBeGreaterThan(1_000);

    for (const name of projectionNames()) {
      await rebuildOf(cluster, name);
      const schema = DEFAULT_SCHEMAS[name];
      expect(await rowsAt(cluster, schema)).toEqual(await rowsAt(cluster, `${schema}_previous`));
    }
    expect(publishedSeqs(process)).toEqual(upTo((await cluster.queries.inbox(admin)).seq));
  }, 120_000);

  it('is read by prepared statements afterwards, and waits for no reader', async () => {
    await using world = await withHistory(20);
    const { cluster } = world;
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    const open = new pg.Client({ connectionString: cluster.url });
    await open.connect();
    const name = () =>
      client.query({ name: 'name', text: `select name from ${users}.users where id = $1`, values: ['1'] });
    for (const _ of upTo(10)) expect((await name()).rows).toEqual([{ name: 'One' }]);
    await cluster.pool.query(`update ${users}.users set name = 'nobody recorded this'`);
    expect((await name()).rows).toEqual([{ name: 'nobody recorded this' }]);
    await open.query('begin');
    await open.query(`select count(*) from ${users}.users`);
    await rebuildOf(cluster, 'users');
    expect((await name()).rows).toEqual([{ name: 'One' }]);
    expect((await open.query(`select name from ${users}.users where id = '1'`)).rows).toEqual([{ name: 'One' }]);
    await Promise.all([client.end(), open.end()]);
  });

  it('loses no batch that waits for the checkpoint during the swap', async () => {
    await using world = await withHistory(20);
    const { cluster, process } = world;
    const register = (id: string) =>
      process.append(`user.${id}`, { type: 'UserRegistered', data: { name: id, role: 'driver' } });
    const blocker = new pg.Client({ connectionString: cluster.url });
    await blocker.connect();
    await rebuildOf(cluster, 'users', { swap: false });
    // Right after a batch the runner's next save is far away, so the rebuild waits for the checkpoint first.
    await process.projections.waitFor(await register('before'), 10_000);
    await blocker.query("begin; select from deskwire.projections where name = 'users' for update");
    const rebuilt = rebuildOf(cluster, 'users');
    await waitsForLock(cluster.pool, 'deskwire rebuild users');
    const position = await register('meanwhile');
    await waitsForLock(cluster.pool, 'deskwire users');
    await blocker.query('commit');
    await rebuilt;
    expect(await process.projections.waitFor(position, 10_000)).toBe(true);
    expect(await cluster.queries.user('meanwhile')).toMatchObject({ name: 'meanwhile' });
    await blocker.end();
  });

  it('resumes where it was interrupted', async () => {
    await using world = await withLongHistory();
    const first = interruptAfter(5_000);
    await expect(rebuildOf(world.cluster, 'tickets', first)).rejects.toThrow('interrupted');
    const { next } = await statusOf(world.cluster, 'tickets');
    expect(next).toMatchObject({ running: false, position: 5_000 });
    const second = interruptAfter(Number.POSITIVE_INFINITY);
    await rebuildOf(world.cluster, 'tickets', second);
    expect(second.positions[0]).toBeGreaterThanOrEqual(5_000);
    expect(await rowsAt(world.cluster, tickets)).toEqual(await rowsAt(world.cluster, `${tickets}_previous`));
  });

  it('resumes after its connection was cut in the middle of a batch', async () => {
    await using world = await withHistory(200);
    const { cluster } = world;
    const connection = await connectionOf(cluster);
    const cuts: Promise<unknown>[] = [];
    const cut = rebuildOf(cluster, 'messages', {
      onProgress: () => void cuts.push(endConnections(cluster.pool, 'deskwire rebuild messages')),
    });
    await cut.catch(() => undefined);
    // A cut that is still on its way would end the connection of the next rebuild.
    await Promise.all(cuts);
    await rebuildOf(cluster, 'messages');
    expect(await rowsAt(cluster, messages)).toEqual(await rowsAt(cluster, `${messages}_previous`));
    await connection[Symbol.asyncDispose]();
  });

  it('leaves no tables when it is aborted, while it runs or after an interruption', async () => {
    await using world = await withLongHistory();
    const { cluster } = world;
    await using connection = await connectionOf(cluster);
    let aborting: Promise<boolean> | undefined;
    const { batches } = rebuildOptions(cluster);
    const aborted = rebuildOf(cluster, 'tickets', {
      onProgress: () => {
        aborting ??= abortRebuild(connection, PROJECTIONS.tickets);
      },
      // Continues after the abort, because the ticket has more than one batch.
      batches: {
        join() {
          const log = batches.join();
          const read: typeof log.read = async (position, upTo) => {
            await aborting;
            return log.read(position, upTo);
          };
          return { read, [Symbol.dispose]: () => log[Symbol.dispose]() };
        },
      },
    });
    await expect(aborted).rejects.toThrow(AbortedError);
    expect(await aborting).toBe(true);
    expect(await statusOf(cluster, 'tickets')).toMatchObject({ next: undefined, previous: undefined });

    await expect(rebuildOf(cluster, 'tickets', interruptAfter(1))).rejects.toThrow('interrupted');
    expect(await abortRebuild(connection, PROJECTIONS.tickets)).toBe(true);
    expect(await abortRebuild(connection, PROJECTIONS.tickets)).toBe(false);
    const { rows } = await cluster.pool.query(
      "select nspname from pg_namespace where nspname like 'deskwire_tickets%'",
    );
    expect(rows).toEqual([{ nspname: tickets }]);
  });

  it('runs only once at a time', async () => {
    await using world = await withHistory(20);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => rebuildOf(world.cluster, 'messages')));
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason);
    expect(refusals.length).toBeGreaterThan(0);
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(BusyError);
    const { next } = await statusOf(world.cluster, 'messages');
    expect(next).toBeUndefined();
  });

  it('can be prepared, and swapped in later', async () => {
    await using world = await withHistory(50);
    await rebuildOf(world.cluster, 'tickets', { swap: false });
    const { next, previous } = await statusOf(world.cluster, 'tickets');
    expect(previous).toBeUndefined();
    const later = interruptAfter(Number.POSITIVE_INFINITY);
    await rebuildOf(world.cluster, 'tickets', later);
    expect(later.positions[0]).toBeGreaterThanOrEqual(next?.position ?? Number.POSITIVE_INFINITY);
  });

  it('can be rolled back, and forward again, under constant load', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    await using load = startLoad(process);
    await until(() => load.tickets > 20, 'some history');
    await expect(rollBackOf(cluster, 'notifications')).rejects.toThrow(NoPreviousError);
    await rebuildOf(cluster, 'notifications');
    await using watch = startWatch(cluster);
    for (const _ of ['back', 'forth', 'back']) {
      const before = load.tickets;
      await until(() => load.tickets > before + 20, 'the load to go on');
      await rollBackOf(cluster, 'notifications');
    }
    await load[Symbol.asyncDispose]();
    expect(await process.projections.waitFor(load.position, 20_000)).toBe(true);
    await watch[Symbol.asyncDispose]();
    expect(watch.failures).toEqual([]);
    await rollBackOf(cluster, 'notifications');
    expect(await rowsAt(cluster, notifications)).toEqual(await rowsAt(cluster, `${notifications}_previous`));
    expect(publishedSeqs(process)).toEqual(upTo((await cluster.queries.inbox(admin)).seq));
  });

  it('with an unfinished swap is finished by the runner before it writes', async () => {
    await using world = await withHistory(20);
    const { cluster, process } = world;
    await using connection = await connectionOf(cluster);
    await rebuildOf(cluster, 'users');
    await until(async () => (await statusOf(cluster, 'users')).serving?.running, 'the runner to go on');
    // The state that a rebuild leaves when it is killed right after the swap.
    await connection.script('begin');
    await renameSchema(connection, placeOf(users, 'previous'), placeOf(users, 'swapped'));
    await connection.script("update deskwire.projections set generation = generation where name = 'users'; commit");
    await endConnections(cluster.pool, 'deskwire users');
    const exists = async () =>
      (await cluster.pool.query('select to_regnamespace($1) is not null as it', [placeOf(users, 'previous')])).rows[0]
        .it;
    await until(exists, 'the swap to be finished');
    const position = await process.append('user.2', {
      type: 'UserRegistered',
      data: { name: 'Two', role: 'driver' },
    });
    expect(await process.projections.waitFor(position, 10_000)).toBe(true);
    await finishSwap(connection, users);
    expect(await exists()).toBe(true);
  });

  it('starts by itself for a missing read model, and notifies nobody', async () => {
    await using world = await withHistory(50);
    const { cluster, process } = world;
    const before = await rowsOf(cluster.pool, DEFAULT_SCHEMAS);
    const published = process.signals.length;
    await process.projections.close();
    await cluster.pool.query(
      `drop schema ${notifications} cascade; delete from deskwire.projections where name = 'notifications'`,
    );
    await Promise.all([1, 2].map(() => createReadModels({ connectionString: cluster.url })));
    expect(await rowsOf(cluster.pool, DEFAULT_SCHEMAS)).toEqual(before);
    const again = cluster.startProcess();
    const position = await again.append('user.admin', { type: 'AllNotificationsRead', data: {} });
    expect(await again.projections.waitFor(position, 10_000)).toBe(true);
    expect(process.signals).toHaveLength(published);
    expect(publishedSeqs(again)).toEqual([]);
  });
});
