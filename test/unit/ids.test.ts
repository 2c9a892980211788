import { expect, it } from 'vitest';
import { createIds } from '../../src/support/ids.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it('makes UUIDs of version 7, each greater than the ones before, for any clock', () => {
  let time = 1_700_000_000_000;
  const newId = createIds(() => time);
  const ids = Array.from({ length: 2_000 }, (_, n) => {
    if (n % 7 === 0) time += 1;
    if (n % 501 === 0) time -= 40;
    return newId();
  });
  for (const id of ids) expect(id).toMatch(UUID_V7);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});
