/** Requests are combined into statements. */
import { expect, it } from 'vitest';
import { createBatcher } from '../../../src/support/batcher.ts';
import { gate } from './memory-log.ts';

it('sends the requests of one tick together, and answers each with its own value', async () => {
  const batches: number[][] = [];
  const double = createBatcher<number, number>(
    async (keys) => {
      batches.push([...keys]);
      return keys.map((key) => key * 2);
    },
    { size: 10, concurrency: 1 },
  );
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

it('keeps its limits of size and concurrency', async () => {
  const door = gate();
  let flying = 0;
  let most = 0;
  const sizes: number[] = [];
  const echo = createBatcher<number, number>(
    async (keys) => {
      sizes.push(keys.length);
      most = Math.max(most, ++flying);
      await door.opened;
      flying--;
      return keys;
    },
    { size: 3, concurrency: 2 },
  );
  const all = Promise.all(Array.from({ length: 10 }, (_, n) => echo(n)));
  door.open();
  expect(await all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(sizes).toEqual([3, 3, 3, 1]);
  expect(most).toBe(2);
});

it('rejects all requests of a failed statement, and none of the next one', async () => {
  let calls = 0;
  const flaky = createBatcher<number, number>(
    (keys) => (++calls === 1 ? Promise.reject(new Error('lost')) : Promise.resolve(keys)),
    { size: 10, concurrency: 1 },
  );
  const failed = await Promise.allSettled([flaky(1), flaky(2)]);
  expect(failed.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  expect(await flaky(3)).toBe(3);
});
