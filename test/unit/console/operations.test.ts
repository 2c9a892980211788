/** Tests the rates, progress and states that the operations view computes from successive samples. */
import { describe, expect, it } from 'vitest';
import { lineOf } from '../../../console/src/views/operations/line.ts';
import {
  KEPT_SAMPLES,
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
  position: 100,
  lag: 0,
  paused: false,
  running: true,
  bytes: 0,
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
  it('is the number of events between two samples, divided by the time', () => {
    const samples = samplesOf([viewAt(0), viewAt(1, { position: 150 }), viewAt(3, { position: 250 })]);
    expect(ratesOf(samples)).toEqual([50, 50]);
  });

  it('is unknown after one sample, and after the same one twice', () => {
    expect(ratesOf(samplesOf([viewAt(1), viewAt(1)]))).toEqual([]);
  });

  it('drops old samples', () => {
    expect(samplesOf(Array.from({ length: KEPT_SAMPLES * 2 }, (_, second) => viewAt(second)))).toHaveLength(
      KEPT_SAMPLES,
    );
  });
});

describe('the progress of a rebuild', () => {
  it('has a rate and a remaining time', () => {
    const samples = samplesOf([buildingAt(1, 0), buildingAt(2, 20), buildingAt(3, 40)]);
    const progress = progressOf(samples, 'tickets', { position: 40, startedAt: 'first' }, 100);
    expect(progress).toEqual({ fraction: 0.4, rate: 20, secondsLeft: 3 });
  });

  it('has no rate at first, and no remaining time while the rate is 0', () => {
    const build = { position: 40, startedAt: 'first' };
    expect(progressOf(samplesOf([buildingAt(1, 40)]), 'tickets', build, 100).rate).toBeUndefined();
    const still = samplesOf([buildingAt(1, 40), buildingAt(2, 40)]);
    expect(progressOf(still, 'tickets', build, 100)).toEqual({ fraction: 0.4, rate: 0, secondsLeft: undefined });
  });

  it('ignores samples of an earlier rebuild', () => {
    const samples = samplesOf([buildingAt(1, 90), buildingAt(2, 10, 'second'), buildingAt(3, 20, 'second')]);
    expect(progressOf(samples, 'tickets', { position: 20, startedAt: 'second' }, 100).rate).toBe(10);
  });

  it('is complete when the log is empty', () => {
    expect(progressOf([], 'tickets', { position: 0, startedAt: 'first' }, 0).fraction).toBe(1);
  });
});

describe('a lag', () => {
  it('counts when every recent sample has one, and not when it comes and goes', () => {
    expect(staysBehind(Array.from({ length: 10 }, () => 3))).toBe(true);
    expect(staysBehind([3, 3, 3, 3, 3, 0, 3, 3, 3, 3])).toBe(false);
  });

  it('does not count before there are enough samples', () => {
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

  it('is absent before it is built', () => {
    expect(standingOf({ name: 'tickets', version: 1, head: 100 })).toBe('absent');
  });
});

describe('a line', () => {
  it('has a gap where the value is unknown', () => {
    expect(lineOf([1, 2, undefined, 3, 4]).match(/M/g)).toHaveLength(2);
  });

  it('is at the bottom for 0, and at the top for the largest value', () => {
    expect(lineOf([0, 10])).toBe('M0.0 46.0L240.0 2.0');
  });

  it('stays low for small values', () => {
    expect(lineOf([0, 1])).toBe('M0.0 46.0L240.0 37.2');
  });
});
