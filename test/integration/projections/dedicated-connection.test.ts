import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDedicatedConnection } from '../../../src/eventlog/dedicated-connection.ts';
import { createDatabase, type TestDatabase } from '../../support/services.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const open = (idleTimeout?: number) =>
  openDedicatedConnection({ connectionString: database.url }, 'test', idleTimeout === undefined ? {} : { idleTimeout });

describe('a dedicated connection', () => {
  it('holds its lock alone, until it ends', async () => {
    await using second = await open();
    {
      await using first = await open();
      expect(await first.tryLock('a')).toBe(true);
      expect(await second.tryLock('a')).toBe(false);
      expect(await second.tryLock('b')).toBe(true);
    }
    await until(() => second.tryLock('a'), 'the lock to be free');
  });

  it('that is idle for too long loses its lock, and reports it as lost', async () => {
    await using other = await open();
    // Long enough to take the lock on a slow machine.
    await using stopped = await open(1_000);
    expect(await stopped.tryLock('c')).toBe(true);
    await until(() => other.tryLock('c'), 'the lock to be free');
    await until(() => stopped.lost.aborted, 'the loss to be noticed');
    await expect(stopped.query('late', 'select 1', [])).rejects.toThrow();
  });
});
