import { describe, expect, it } from 'vitest';
import type { DomainEvent, RecordedEvent } from '../../../src/domain/event.ts';
import { listParkedStreams, retryParked, skipParked } from '../../../src/projections/admin/parked-streams.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS } from '../../../src/projections/catalog.ts';
import type { Runner, RunnerStatus } from '../../../src/projections/engine/runner.ts';
import { createTexts } from '../../../src/texts/texts.ts';
import { until } from '../../support/until.ts';
import { type Cluster, createCluster, type Process } from './cluster.ts';
import { countedIn, countingProjection, runCounting } from './counting.ts';

const texts = createTexts();

const sent = (message: string): DomainEvent => ({
  type: 'NotificationSent',
  data: { type: 'news', title: 'News', message, data: {}, priority: 'low' },
});
const USERS = countingProjection(() => {}, 'users');
const fine = sent('fine');

interface Broken {
  /** Positions that cannot be handled. */
  readonly positions: Set<number>;
  readonly tries: number[];
}

/** Starts a cluster in which a counting projection named `users` fails at some positions. */
async function start(positions: readonly number[] = []) {
  const cluster = await createCluster();
  await cluster.pool.query("delete from deskwire.projections where name = 'users'");
  const process = cluster.startProcess();
  await process.projections.close();
  const broken: Broken = { positions: new Set(positions), tries: [] };
  const check = (event: RecordedEvent) => {
    if (!broken.positions.has(event.position)) return;
    broken.tries.push(event.position);
    throw new Error(`I cannot handle ${event.position}`);
  };
  const projection = countingProjection(check, 'users');
  const statuses: RunnerStatus[] = [];
  const run = () => runCounting(cluster, process, projection);
  // The runner may move before `runCounting` has returned it.
  const ours: { runner?: Runner } = {};
  const onMoved = () => {
    if (ours.runner !== undefined) statuses.push(ours.runner.status());
  };
  const runner = await runCounting(cluster, process, projection, onMoved);
  ours.runner = runner;
  return {
    cluster,
    process,
    broken,
    runner,
    /** The runner's status each time its position moved. */
    statuses,
    run,
    async [Symbol.asyncDispose]() {
      await runner.close();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

const caughtUp = (runner: Runner, position: number) =>
  until(() => runner.position === position && runner.status().lag === 0, `position ${position}`);

const parked = async (cluster: Cluster) =>
  (await listParkedStreams(cluster.pool, USERS)).map(({ stream, position, events, error }) => ({
    stream,
    position,
    events,
    error,
  }));

async function fill(process: Process): Promise<void> {
  await process.append('user.a', fine, fine); // 1, 2
  await process.append('user.b', fine); // 3
  await process.append('user.a', fine, fine); // 4, 5
  await process.append('user.b', fine, fine); // 6, 7
}

describe('an event that cannot be handled', () => {
  it('is parked after a few tries, with the later events of its stream, while other streams are handled', async () => {
    await using world = await start([2]);
    await fill(world.process);
    await caughtUp(world.runner, 7);
    expect(await countedIn(world.cluster.pool)).toEqual([1, 3, 6, 7]);
    expect(await parked(world.cluster)).toEqual([
      { stream: 'user.a', position: 2, events: 3, error: 'I cannot handle 2' },
    ]);
    const recovered = { state: 'active', failure: undefined, parkedStreams: 1 };
    expect(world.runner.status()).toMatchObject(recovered);
    expect(world.statuses.find(({ position }) => Number(position) >= 2)).toMatchObject(recovered);
    expect(world.broken.tries.length).toBeGreaterThanOrEqual(3);
  });

  it('is found among a thousand that the database refuses together', async () => {
    await using world = await start();
    const many = Array.from({ length: 300 }, () => fine);
    await world.process.append('user.a', ...many);
    await world.process.append('user.b', fine, sent('refused by the database'), fine);
    await world.process.append('user.c', ...many);
    await caughtUp(world.runner, 603);
    expect(await countedIn(world.cluster.pool)).toHaveLength(601);
    expect(await parked(world.cluster)).toEqual([
      { stream: 'user.b', position: 302, events: 2, error: 'the database cannot' },
    ]);
  });

  it('does not delay others: many are parked quickly', async () => {
    const positions = Array.from({ length: 200 }, (_, index) => index + 1);
    await using world = await start(positions);
    for (const n of positions) await world.process.append(`user.${n}`, fine);
    await world.process.append('user.last', fine);
    await caughtUp(world.runner, 201);
    expect(await countedIn(world.cluster.pool)).toEqual([201]);
    expect(world.runner.status().parkedStreams).toBe(200);
  });

  it('stays parked when the runner starts again', async () => {
    await using world = await start([2]);
    await fill(world.process);
    await caughtUp(world.runner, 7);
    await world.runner.close();
    const again = await world.run();
    await world.process.append('user.a', fine);
    await world.process.append('user.b', fine);
    await caughtUp(again, 9);
    expect(await countedIn(world.cluster.pool)).toEqual([1, 3, 6, 7, 9]);
    expect(await parked(world.cluster)).toMatchObject([{ position: 2, events: 4 }]);
    await again.close();
  });

  it('is replayed with the events behind it, in order, when it is retried and can be handled', async () => {
    await using world = await start([2]);
    await fill(world.process);
    await caughtUp(world.runner, 7);
    world.broken.positions.clear();
    expect(await retryParked(world.cluster.pool, USERS, 'user.a')).toBe(1);
    world.runner.checkNow();
    await until(() => world.runner.status().parkedStreams === 0, 'the stream to be replayed');
    expect(await countedIn(world.cluster.pool)).toEqual([1, 3, 6, 7, 2, 4, 5]);
    await world.process.append('user.a', fine);
    await caughtUp(world.runner, 8);
    expect(await countedIn(world.cluster.pool)).toEqual([1, 3, 6, 7, 2, 4, 5, 8]);
    expect(await parked(world.cluster)).toEqual([]);
  });

  it('stays parked when the retry fails, and the events before it are handled', async () => {
    await using world = await start([2]);
    await fill(world.process);
    await caughtUp(world.runner, 7);
    world.broken.positions.clear();
    world.broken.positions.add(5);
    await retryParked(world.cluster.pool, USERS);
    world.runner.checkNow();
    await until(async () => (await parked(world.cluster))[0]?.error === 'I cannot handle 5', 'the next failure');
    expect(await countedIn(world.cluster.pool)).toEqual([1, 3, 6, 7, 2, 4]);
    expect(await parked(world.cluster)).toMatchObject([{ position: 5, events: 1 }]);
  });

  it('is left out for good when it is skipped, and the rest of its stream is handled in order', async () => {
    await using world = await start([2]);
    await fill(world.process);
    await caughtUp(world.runner, 7);
    await expect(skipParked(world.cluster.pool, USERS, 'user.a', 4)).rejects.toThrow('no parked event');
    expect(await skipParked(world.cluster.pool, USERS, 'user.a', 2)).toMatchObject({ position: 2 });
    await until(() => world.runner.status().parkedStreams === 0, 'the stream to go on');
    expect(await countedIn(world.cluster.pool)).toEqual([1, 3, 6, 7, 4, 5]);
    await world.process.append('user.a', fine);
    await caughtUp(world.runner, 8);
    expect(await parked(world.cluster)).toEqual([]);
  });

  it('is skipped when nothing waits behind it', async () => {
    await using world = await start([3]);
    await world.process.append('user.a', fine, fine, fine);
    await caughtUp(world.runner, 3);
    await skipParked(world.cluster.pool, USERS, 'user.a');
    await until(() => world.runner.status().parkedStreams === 0, 'the stream to be free');
    await world.process.append('user.a', fine);
    await caughtUp(world.runner, 4);
    expect(await countedIn(world.cluster.pool)).toEqual([1, 2, 4]);
  });

  it('is replayed with its stream in portions, while other streams are handled', async () => {
    await using world = await start([1]);
    await world.process.append('user.a', ...Array.from({ length: 500 }, () => fine));
    await caughtUp(world.runner, 500);
    world.broken.positions.clear();
    await retryParked(world.cluster.pool, USERS);
    world.runner.checkNow();
    for (let n = 0; n < 20; n += 1) {
      await world.process.append('user.a', fine);
      await world.process.append('user.b', fine);
    }
    await caughtUp(world.runner, 540);
    await until(() => world.runner.status().parkedStreams === 0, 'the stream to be replayed');
    const counted = await countedIn(world.cluster.pool);
    expect(counted).toHaveLength(540);
    const ofA = counted.filter((position) => position <= 500 || position % 2 === 1);
    expect(ofA).toEqual(ofA.toSorted((a, b) => a - b));
  });

  it('leaves no gap in the numbers of notifications, parked or replayed', async () => {
    await using cluster = await createCluster();
    const process = cluster.startProcess();
    const { notifications } = PROJECTIONS;
    const admin = { id: 'admin', name: 'Admin', role: 'admin', active: true } as const;
    await process.append('user.admin', { type: 'UserRegistered', data: { name: 'Admin', role: 'admin' } });
    await cluster.pool.query(
      `alter table ${DEFAULT_SCHEMAS.notifications}.notifications add constraint no check (body->>'message' <> 'poison')`,
    );
    await process.append('user.admin', sent('before'), sent('poison'), sent('behind'));
    const opened = await process.append('ticket.t-1', OPENED);
    await process.append('user.other', fine);
    await until(async () => (await cluster.queries.inbox(admin)).seq === 2, 'what is not parked', {
      timeoutMs: 60_000,
    });
    expect(await process.projections.waitFor(opened, 10_000)).toBe(true);
    expect(await listParkedStreams(cluster.pool, notifications)).toMatchObject([{ stream: 'user.admin', events: 2 }]);
    expect(process.projections.status().find(({ name }) => name === 'notifications')?.parkedStreams).toBe(1);

    await cluster.pool.query(`alter table ${DEFAULT_SCHEMAS.notifications}.notifications drop constraint no`);
    await retryParked(cluster.pool, notifications, 'user.admin');
    await until(async () => (await cluster.queries.inbox(admin)).seq === 4, 'the replay');
    const shown = await cluster.queries.notificationsAfter(admin, 0, 10);
    expect(shown.map((one) => [one.seq, texts.word(one).message])).toEqual([
      [1, 'before'],
      [2, expect.stringContaining('created a new support ticket')],
      [3, 'poison'],
      [4, 'behind'],
    ]);
    const published = process.signals.filter(({ userId }) => userId === 'admin');
    expect(published.flatMap(({ signal }) => signal.notifications.map(({ seq }) => seq))).toEqual([1, 2, 3, 4]);
  });
});

const OPENED: DomainEvent = {
  type: 'TicketOpened',
  data: {
    number: 1,
    requesterId: '1',
    requesterName: 'One',
    description: 'It does not work',
    category: 'general',
    priority: 'low',
    tags: [],
  },
};
