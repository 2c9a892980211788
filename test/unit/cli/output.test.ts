import { describe, expect, it } from 'vitest';
import { bytes, duration, table } from '../../../src/cli/output.ts';

describe('what the command prints', () => {
  it('has columns as wide as what is in them', () => {
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

  it('says sizes and times as people do', () => {
    expect([0, 999, 1_000, 82_427_904, 3e12].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '82 MB', '3.0 TB']);
    expect([0.4, 99, 100, 7_200, 200_000].map(duration)).toEqual(['0 s', '99 s', '2 min', '2 h', '2 d']);
  });
});
