import { describe, expect, it } from 'vitest';
import { createProjectionWaiter } from '../../../src/projections/queries/waiter.ts';
import { until } from '../../support/until.ts';

function runnerAt(position: number | undefined) {
  const runner = {
    position,
    woken: 0,
    wake() {
      runner.woken += 1;
    },
  };
  return runner;
}

describe('waiting for the read models', () => {
  it('ends at once when all have reached the position, and otherwise when the last one does', async () => {
    const [slow, fast] = [runnerAt(3), runnerAt(5)];
    const waiter = createProjectionWaiter({
      runners: [slow, fast],
      projections: 2,
      lowestCheckpoint: () => Promise.reject(new Error('not to be asked')),
    });
    expect(await waiter.waitFor(3, 0)).toBe(true);
    const reached = waiter.waitFor(5, 60_000);
    expect([slow.woken, fast.woken]).toEqual([1, 0]);
    slow.position = 5;
    waiter.moved();
    expect(await reached).toBe(true);
  });

  it('resolves false when the time is over', async () => {
    const waiter = createProjectionWaiter({
      runners: [runnerAt(3)],
      projections: 1,
      lowestCheckpoint: async () => 0,
    });
    expect(await waiter.waitFor(4, 5)).toBe(false);
  });

  it('polls the database while a projection runs elsewhere, and only while a caller waits', async () => {
    let polls = 0;
    const checkpoint = { lowest: 0 };
    const waiter = createProjectionWaiter({
      runners: [runnerAt(9), runnerAt(undefined)],
      projections: 2,
      lowestCheckpoint: async () => {
        polls += 1;
        return checkpoint.lowest;
      },
    });
    const reached = waiter.waitFor(7, 60_000);
    await until(() => polls > 1, 'the second poll');
    checkpoint.lowest = 8;
    expect(await reached).toBe(true);
    const asked = polls;
    expect(await waiter.waitFor(8, 60_000)).toBe(true);
    expect(polls).toBe(asked);
  });

  it('continues to poll a database that fails', async () => {
    let failures = 3;
    const waiter = createProjectionWaiter({
      runners: [],
      projections: 1,
      lowestCheckpoint: async () => {
        failures -= 1;
        if (failures > 0) throw new Error('no database');
        return 1;
      },
    });
    expect(await waiter.waitFor(1, 60_000)).toBe(true);
  });
});
