/** Test rate limits, payload sizes, socket errors and the batcher. */
import { describe, expect, it } from 'vitest';
import { DeskwireError } from '../../../src/domain/errors.ts';
import { wireError } from '../../../src/gateway/connection/errors.ts';
import { sizeWithin } from '../../../src/gateway/connection/payload-size.ts';
import { createRateLimit } from '../../../src/gateway/connection/rate-limit.ts';
import { createBatcher } from '../../../src/support/batcher.ts';

describe('a rate limit', () => {
  it('admits a burst, then a number per second, for each key separately', () => {
    let now = 0;
    const limit = createRateLimit({ burst: 2, perSecond: 4 }, () => now);
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 0.25]);
    expect(limit.take('b')).toBe(0);
    now = 250;
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 0.25]);
    now = 60_000;
    expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 0.25]);
  });
});

describe('the size of a payload', () => {
  it('counts characters, keys, values and bytes', () => {
    expect(sizeWithin(['abc'], 5)).toBe(true);
    expect(sizeWithin(['abcd'], 5)).toBe(false);
    expect(sizeWithin({ long_key: 1 }, 5)).toBe(false);
    expect(sizeWithin(Array.from({ length: 100 }), 50)).toBe(false);
    expect(sizeWithin(Buffer.alloc(100), 50)).toBe(false);
  });

  it('is measured without recursion', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(sizeWithin(deep, 1_000)).toBe(false);
  });
});

describe('a socket error', () => {
  it('has the field and the time to try again', () => {
    expect(wireError(new DeskwireError('rate_limited', 'Slowly', { field: 'x', retryAfter: 3 }))).toEqual({
      type: 'rate_limited',
      message: 'Slowly',
      field: 'x',
      retryAfter: 3,
    });
    expect(wireError(new DeskwireError('precondition_failed', 'Changed')).type).toBe('conflict');
  });

  it('for an unexpected failure has no details', () => {
    expect(JSON.stringify(wireError(new Error('password=hunter2 at 10.0.0.1')))).not.toContain('hunter2');
  });
});

describe('a batch of one turn of the event loop', () => {
  const turn = { concurrency: Number.POSITIVE_INFINITY, gather: 'turn' } as const;

  it('loads the requests of the turn together, and answers each with its own result', async () => {
    const asked: number[][] = [];
    const double = createBatcher<number, number>(
      async (questions) => {
        asked.push([...questions]);
        return questions.map((question) => question * 2);
      },
      { ...turn, size: 2 },
    );
    expect(await Promise.all([double(1), double(2), double(3)])).toEqual([2, 4, 6]);
    expect(asked).toEqual([[1, 2], [3]]);
  });

  it('that fails rejects its own requests and no others', async () => {
    const ask = createBatcher<number, number>(
      async (questions) => {
        if (questions.includes(1)) throw new Error('one');
        return questions;
      },
      { ...turn, size: 1 },
    );
    const answers = await Promise.allSettled([ask(1), ask(2)]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});
