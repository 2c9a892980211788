/** What the operations view makes of successive looks at the system. */
import { describe, expect, it } from 'vitest';
import { lineOf } from '../../../console/src/views/operations/line.ts';
import {
  KEPT,
  type OperationsView,
  type Projection,
  progressOf,
  ratesOf,
  type Sample,
  standingOf,
  staysBehind,
  withSample,
} from '../../../console/src/views/operations/model.ts';

const serving = {
  ...{ position: 100, lag: 0, paused: false, running: true, bytes: 0 },
  parked: { streams: 0, events: 0 },
};
const tickets: Projection = { name: 'tickets', version: 1, head: 100, serving };

function viewAt(second: number, rest: Partial<OperationsView> = {}): OperationsView {
  const time = new Date(Date.UTC(2025, 0, 1) + second * 1_000).toISOString();
  return { epoch: 'e', position: 100, time, relay: { position: 100, lag: 0 }, projections: [tickets], ...rest };
}

const samplesOf = (views: readonly OperationsView[]) => views.reduce<readonly Sample[]>(withSample, []);

function buildingAt(second: number, position: number, startedAt = 'first'): OperationsView {
  return viewAt(second, { projections: [{ ...tickets, next: { position, startedAt, running: true } }] });
}

describe('the rate of the log', () => {
  it('is what came in between two looks, by the time between them', () => {
    const samples = samplesOf([viewAt(0), viewAt(1, { position: 150 }), viewAt(3, { position: 250 })]);
    expect(ratesOf(samples)).toEqual([50, 50]);
  });

  it('is not told of by one look, nor by the same one twice', () => {
    expect(ratesOf(samplesOf([viewAt(1), viewAt(1)]))).toEqual([]);
  });

  it('forgets looks of long ago', () => {
    expect(samplesOf(Array.from({ length: KEPT * 2 }, (_, second) => viewAt(second)))).toHaveLength(KEPT);
  });
});

describe('the progress of a rebuild', () => {
  it('is told with its rate and the time left', () => {
    const samples = samplesOf([buildingAt(1, 0), buildingAt(2, 20), buildingAt(3, 40)]);
    const progress = progressOf(samples, 'tickets', { position: 40, startedAt: 'first' }, 100);
    expect(progress).toEqual({ fraction: 0.4, rate: 20, secondsLeft: 3 });
  });

  it('knows no rate at first, and no time while nothing moves', () => {
    const build = { position: 40, startedAt: 'first' };
    expect(progressOf(samplesOf([buildingAt(1, 40)]), 'tickets', build, 100).rate).toBeUndefined();
    const still = samplesOf([buildingAt(1, 40), buildingAt(2, 40)]);
    expect(progressOf(still, 'tickets', build, 100)).toEqual({ fraction: 0.4, rate: 0, secondsLeft: undefined });
  });

  it('takes nothing from a rebuild before it', () => {
    const samples = samplesOf([buildingAt(1, 90), buildingAt(2, 10, 'second'), buildingAt(3, 20, 'second')]);
    expect(progressOf(samples, 'tickets', { position: 20, startedAt: 'second' }, 100).rate).toBe(10);
  });

  it('is whole when there is nothing to build from', () => {
    expect(progressOf([], 'tickets', { position: 0, startedAt: 'first' }, 0).fraction).toBe(1);
  });
});

describe('a lag', () => {
  it('stays when it never goes away for a while, and not when it comes and goes', () => {
    expect(staysBehind(Array.from({ length: 10 }, () => 3))).toBe(true);
    expect(staysBehind([3, 3, 3, 3, 3, 0, 3, 3, 3, 3])).toBe(false);
  });

  it('is not told of before there was a while', () => {
    expect(staysBehind([3])).toBe(false);
  });
});

describe('a read model', () => {
  it.each([
    ['level', {}],
    ['behind', { lag: 3 }],
    ['parked', { lag: 3, parked: { streams: 1, events: 2 } }],
    ['paused', { paused: true, lag: 3 }],
    ['stopped', { running: false, paused: true }],
  ] as const)('is %s', (standing, rest) => {
    expect(standingOf({ ...tickets, serving: { ...serving, ...rest } })).toBe(standing);
  });

  it('is absent before it was built', () => {
    expect(standingOf({ name: 'tickets', version: 1, head: 100 })).toBe('absent');
  });
});

describe('a line', () => {
  it('is broken where nothing was known', () => {
    expect(lineOf([1, 2, undefined, 3, 4]).match(/M/g)).toHaveLength(2);
  });

  it('stays at the bottom for nothing, and reaches the top with the most', () => {
    expect(lineOf([0, 10])).toBe('M0.0 46.0L240.0 2.0');
  });

  it('makes little of very little', () => {
    expect(lineOf([0, 1])).toBe('M0.0 46.0L240.0 37.2');
  });
});
