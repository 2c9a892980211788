import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rangeOf } from '../../../src/api/byte-range.ts';

it('a range lies within the file for any request', () => {
  const numbers = fc.oneof(fc.nat(20).map(String), fc.constantFrom('', '999999999999999', '-1', '1.5', 'x'));
  fc.assert(
    fc.property(numbers, numbers, fc.integer({ min: 1, max: 12 }), (first, last, size) => {
      const range = rangeOf({ range: `bytes=${first}-${last}` }, { id: 'a', size });
      if (range === undefined || range === 'unsatisfiable') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThanOrEqual(range.start);
      expect(range.end).toBeLessThan(size);
    }),
  );
});

it('a file that has changed since is sent whole', () => {
  const file = { id: 'a', size: 10 };
  expect(rangeOf({ range: 'bytes=1-2', 'if-range': '"a"' }, file)).toEqual({ start: 1, end: 2 });
  expect(rangeOf({ range: 'bytes=1-2', 'if-range': 'Wed, 21 Oct 2026 07:28:00 GMT' }, file)).toBeUndefined();
});
