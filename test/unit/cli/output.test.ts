import { describe, expect, it } from 'vitest';
import { bytes, duration, table } from '../../../src/cli/output.ts';

describe('the output of the command', () => {
  it('has columns as wide as their cells', () => {
    expect(
      table(
        ['NAME', 'LAG'],
        [
          ['users', '0'],
          ['notifications', ''],
        ],
      ),
    ).toBe('NAME           LAG\nusers          0\nnotifications');
  });

  it('formats sizes and durations for people', () => {
    expect([0, 999, 1_000, 82_427_904, 3e12].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '82 MB', '3.0 TB']);
    expect([0.4, 99, 100, 7_200, 200_000].map(duration)).toEqual(['0 s', '99 s', '2 min', '2 h', '2 d']);
  });
});
