import { describe, expect, it } from 'vitest';
import { bytes, createOutput, duration, table } from '../../../src/cli/output.ts';

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

  it('shows the controls of a terminal, and never sends them', () => {
    const hostile = 'a\u009b2Jb\u001b[31m\r\u007f\u202ec\td';
    for (const json of [false, true]) {
      const written: string[] = [];
      const stream = { write: (text: string) => written.push(text) } as unknown as NodeJS.WritableStream;
      const output = createOutput({ stdout: stream, stderr: stream }, json);
      output.result({ hostile }, hostile);
      output.line({ hostile }, hostile);
      output.note(hostile);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(written.join('')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(written.join('')).toContain('\\u009b2J');
      if (json) expect(JSON.parse(written[0] ?? '')).toEqual({ hostile });
    }
  });

  it('formats sizes and durations for people', () => {
    expect([0, 999, 1_000, 82_427_904, 3e12].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '82 MB', '3.0 TB']);
    expect([0.4, 99, 100, 7_200, 200_000].map(duration)).toEqual(['0 s', '99 s', '2 min', '2 h', '2 d']);
  });
});
