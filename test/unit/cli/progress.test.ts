import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgressDisplay } from '../../../src/cli/progress.ts';
import type { Progress } from '../../../src/projections/rebuild/progress.ts';

const filling: Progress = {
  projection: 'tickets',
  version: 2,
  phase: 'filling',
  position: 45_000,
  target: 100_000,
  eventsPerSecond: 11_000,
  secondsLeft: 5,
};
const done: Progress = { ...filling, phase: 'done', position: 100_000, eventsPerSecond: 0, secondsLeft: 0 };

function shown(isTTY: boolean, json: boolean, ...progress: readonly Progress[]): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 100, rows: 20 });
  const display = createProgressDisplay(stderr, json);
  for (const one of progress) display.show(one);
  display[Symbol.dispose]();
  return stderr.read()?.toString() ?? '';
}

describe('the progress of rebuilds', () => {
  it('is a line for each phase when it is piped', () => {
    expect(shown(false, false, filling, filling, done)).toBe(
      'tickets: filling, 45 % (45,000 of 100,000), 11,000 events/s, 5 s left\ntickets: done, at 100,000\n',
    );
  });

  it('is a JSON object per line with --json', () => {
    const lines = shown(true, true, filling, done).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([filling, done]);
  });

  it('is a bar with rate and time left on a terminal', () => {
    const text = shown(true, false, filling);
    expect(text).toContain('tickets');
    expect(text).toMatch(/█+░+ 45 % filling, 11,000 events\/s, 5 s left/);
  });
});
