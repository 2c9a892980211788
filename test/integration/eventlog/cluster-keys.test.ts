import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ClusterKeys, rotateClusterKey, watchClusterKeys } from '../../../src/eventlog/cluster-keys.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});
beforeEach(() => rotateClusterKey(pool, 'now'));

/** As if this many seconds had passed. */
async function passed(seconds: number): Promise<void> {
  await pool.query(
    `update deskwire.cluster_keys set signs_from = signs_from - $1 * interval '1 second',
       retires_at = retires_at - $1 * interval '1 second'`,
    [seconds],
  );
}

async function watched(use: (keys: ClusterKeys) => Promise<void>): Promise<void> {
  const keys = await watchClusterKeys({
    pool,
    atMostEvery: 0,
    onError: (error) => {
      throw error;
    },
  });
  try {
    await use(keys);
  } finally {
    keys.close();
  }
}

it('starts with one key, equal for all nodes', () =>
  watched(async (keys) => {
    await watched(async (others) => {
      expect(keys.current.id).toBe(others.current.id);
      expect(keys.current.secret.equals(others.current.secret)).toBe(true);
      expect(keys.current.secret.symmetricKeySize).toBe(32);
    });
  }));

it('knows a new key for a minute before it signs, and the key before it for ten minutes after that', () =>
  watched(async (keys) => {
    const before = keys.current.id;
    const id = await rotateClusterKey(pool, 'soon');
    keys.refresh();
    await until(() => keys.find(id) !== undefined, 'the new key');
    expect(keys.current.id).toBe(before);
    await passed(61);
    keys.refresh();
    await until(() => keys.current.id === id, 'the new key to sign');
    expect(keys.find(before)).toBeDefined();
    await passed(600);
    keys.refresh();
    await until(() => keys.find(before) === undefined, 'the old key to retire');
  }));

it('has two valid keys when a rotation follows another, of which the older signs', () =>
  watched(async (keys) => {
    const before = keys.current.id;
    const ids = [await rotateClusterKey(pool, 'soon'), await rotateClusterKey(pool, 'soon')];
    keys.refresh();
    await until(() => ids.every((id) => keys.find(id) !== undefined), 'both new keys');
    expect(keys.current.id).toBe(before);
  }));

it('replaces all keys at once when a rotation is urgent', () =>
  watched(async (keys) => {
    const before = keys.current.id;
    const id = await rotateClusterKey(pool, 'now');
    keys.refresh();
    await until(() => keys.current.id === id, 'the new key to sign');
    expect(keys.find(before)).toBeUndefined();
  }));

it('does not start without a key, and says what to do', async () => {
  await pool.query('delete from deskwire.cluster_keys');
  await expect(watchClusterKeys({ pool, onError: () => undefined })).rejects.toThrow(
    'deskwire cluster-key rotate --now',
  );
});
