/** The oldest item gives way when one owner, or all together, hold too many. */
import { expect, it } from 'vitest';
import { createPool } from '../../../src/support/pool.ts';

function pool(limits: { perOwner: number; total: number }) {
  const evicted: string[] = [];
  return { evicted, pool: createPool<string>(limits, (item) => evicted.push(item)) };
}

it('evicts the oldest item of an owner who holds too many', () => {
  const { pool: held, evicted } = pool({ perOwner: 2, total: 10 });
  held.add('b', 'other');
  for (const item of ['first', 'second', 'third']) held.add('a', item);
  expect(evicted).toEqual(['first']);
  held.remove('second');
  held.add('a', 'fourth');
  expect(evicted).toEqual(['first']);
  expect(held.size).toBe(3);
});

it('evicts the oldest item of all when all together hold too many', () => {
  const { pool: held, evicted } = pool({ perOwner: 2, total: 3 });
  for (const owner of ['a', 'b', 'c', 'd']) held.add(owner, `of ${owner}`);
  expect(evicted).toEqual(['of a']);
  held.remove('of a');
  expect(held.size).toBe(3);
});
