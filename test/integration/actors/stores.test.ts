/** Snapshots and ticket numbers in Postgres. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSnapshotStore, type SnapshotStore } from '../../../src/actors/snapshots.ts';
import { createTicketNumbers } from '../../../src/actors/ticket-numbers.ts';
import { renewEpoch } from '../../../src/eventlog/epoch.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';

let database: TestDatabase;
let pool: pg.Pool;
let snapshots: SnapshotStore;
beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  snapshots = createSnapshotStore(pool);
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

describe('a snapshot', () => {
  const newest = async (stream: 'ticket.a' | 'ticket.b', stateVersion = 1) =>
    (await snapshots.load([{ stream, stateVersion }]))[0];

  it('is loaded as it was saved, with any strings', async () => {
    const state = { text: 'a\u0000b "quoted" \u001f \ud83d\ude00', none: null, list: [1, { deep: true }], __proto: 1 };
    const snapshot = { stream: 'ticket.a', version: 5, stateVersion: 1, state } as const;
    await snapshots.save([snapshot]);
    expect(await newest('ticket.a')).toEqual(snapshot);
  });

  it('is replaced by a newer one only', async () => {
    await snapshots.save([{ stream: 'ticket.a', version: 9, stateVersion: 1, state: 'newer' }]);
    await snapshots.save([{ stream: 'ticket.a', version: 7, stateVersion: 1, state: 'older' }]);
    expect(await newest('ticket.a')).toMatchObject({ version: 9, state: 'newer' });
  });

  it('of another state version is not found, and is replaced by one of this version', async () => {
    expect(await newest('ticket.a', 2)).toBeUndefined();
    await snapshots.save([{ stream: 'ticket.a', version: 3, stateVersion: 2, state: 'new shape' }]);
    expect(await newest('ticket.a', 2)).toMatchObject({ version: 3 });
    expect(await newest('ticket.a', 1)).toBeUndefined();
  });

  it('of lost history is not found, and is replaced by one of the new history', async () => {
    const { epoch } = (await pool.query<{ epoch: string }>('select epoch from deskwire.log_head')).rows[0] ?? {};
    const unaware = createSnapshotStore(pool, () => epoch ?? '');
    await unaware.save([{ stream: 'ticket.a', version: 20, stateVersion: 2, state: 'before' }]);
    expect(await newest('ticket.a', 2)).toMatchObject({ state: 'before' });
    await renewEpoch(pool, epoch ?? '');
    expect(await newest('ticket.a', 2)).toBeUndefined();
    await unaware.save([{ stream: 'ticket.a', version: 30, stateVersion: 2, state: 'still before' }]);
    expect(await newest('ticket.a', 2)).toBeUndefined();
    await snapshots.save([{ stream: 'ticket.a', version: 3, stateVersion: 2, state: 'after' }]);
    expect(await newest('ticket.a', 2)).toMatchObject({ state: 'after' });
  });

  it('is loaded with many others, in the order of the keys', async () => {
    await snapshots.save([{ stream: 'ticket.b', version: 1, stateVersion: 1, state: {} }]);
    const loaded = await snapshots.load([
      { stream: 'ticket.none', stateVersion: 1 },
      { stream: 'ticket.b', stateVersion: 1 },
      { stream: 'ticket.a', stateVersion: 2 },
    ]);
    expect(loaded.map((snapshot) => snapshot?.stream)).toEqual([undefined, 'ticket.b', 'ticket.a']);
  });

  it('can be saved concurrently for the same streams', async () => {
    const streams = Array.from({ length: 50 }, (_, n) => `ticket.many-${n}` as const);
    await Promise.all(
      Array.from({ length: 20 }, (_, version) => {
        const batch = streams.map((stream) => ({ stream, version: version + 1, stateVersion: 1, state: version }));
        return snapshots.save(version % 2 === 0 ? batch : batch.toReversed());
      }),
    );
    const loaded = await snapshots.load(streams.map((stream) => ({ stream, stateVersion: 1 })));
    expect(new Set(loaded.map((snapshot) => snapshot?.version))).toEqual(new Set([20]));
  });
});

describe('ticket numbers', () => {
  it('count from 1, each once, for concurrent requests of several processes', async () => {
    const allocators = [createTicketNumbers(pool), createTicketNumbers(pool)];
    const numbers = await Promise.all(Array.from({ length: 500 }, (_, n) => allocators[n % 2]?.next()));
    expect(numbers.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n + 1));
  });

  it('requested at the same time cost few statements', async () => {
    let statements = 0;
    const counting = {
      query: (...args: unknown[]) => {
        statements++;
        return pool.query(...(args as [string]));
      },
    } as Pick<pg.Pool, 'query'>;
    const numbers = createTicketNumbers(counting);
    await Promise.all(Array.from({ length: 100 }, () => numbers.next()));
    expect(statements).toBe(1);
  });
});
