/**
 * Test the switch from replay to live with every interleaving of small cases, and random interleavings of large ones.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSequencer } from '../../../src/gateway/delivery/sequencer.ts';
import { everyInterleaving } from './interleavings.ts';
import { playWorld, type Scenario } from './sequencer-world.ts';

const small: Scenario = {
  before: 1,
  commits: 3,
  copies: 1,
  mayLose: false,
  sockets: [0],
  mayReacquire: false,
  ringSize: 1,
  waitingLimit: 8,
  readLimit: 10,
};

describe('every socket gets every version once, in order, under every interleaving', () => {
  const cases: [string, Scenario][] = [
    ['of three commits and a joining socket', small],
    ['of four commits and a socket that is up to date', { ...small, commits: 4, sockets: [1] }],
    ['of doubled live copies', { ...small, copies: 2 }],
    ['of lost live copies', { ...small, mayLose: true }],
    ['of commits that no live copy announces', { ...small, copies: 0, commits: 6 }],
    ['of reads that find one version at a time', { ...small, before: 2, readLimit: 1 }],
    ['of a sequencer that keeps no waiting events', { ...small, waitingLimit: 0 }],
    ['of two sockets that join', { ...small, commits: 2, copies: 2, sockets: [0, 1] }],
    ['of a stream that is released and acquired again', { ...small, commits: 3, mayLose: true, mayReacquire: true }],
    ['of a socket that has a later version than the stream', { ...small, before: 3, commits: 3, sockets: [3] }],
  ];
  it.each(cases)('%s', (_, scenario) => {
    const states = everyInterleaving((choose) => playWorld(scenario, choose));
    expect(states).toBeGreaterThan(10);
  });
});

it('holds for many commits, sockets, losses and copies in random order', () => {
  const scenarios = fc.record({
    before: fc.nat(30),
    commits: fc.nat(60),
    copies: fc.nat(3),
    mayLose: fc.boolean(),
    sockets: fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
    mayReacquire: fc.boolean(),
    ringSize: fc.integer({ min: 1, max: 20 }),
    waitingLimit: fc.nat(20),
    readLimit: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(scenarios, fc.infiniteStream(fc.nat(1_000_000)), (scenario, numbers) => {
      const sockets = scenario.sockets.map((from) => Math.min(from, scenario.before));
      playWorld({ ...scenario, sockets }, (options) => (numbers.next().value ?? 0) % options);
    }),
    { numRuns: 200 },
  );
});

describe('a sequencer', () => {
  function recorder(ringSize = 2, waitingLimit = 2) {
    const delivered: number[] = [];
    const sequencer = createSequencer<number>({
      versionOf: (event) => event,
      deliver: (event) => delivered.push(event),
      ringSize,
      waitingLimit,
    });
    return { delivered, sequencer };
  }

  it('delivers nothing before it has the head of the stream', () => {
    const { delivered, sequencer } = recorder();
    sequencer.live(5);
    sequencer.live(6);
    expect(delivered).toEqual([]);
    sequencer.open(5);
    expect(delivered).toEqual([6]);
  });

  it('skips versions that a read of the log does not contain', () => {
    const { delivered, sequencer } = recorder();
    sequencer.open(0);
    sequencer.live(4);
    sequencer.gapRead([1, 3], 3);
    expect(delivered).toEqual([1, 3, 4]);
    expect(sequencer.cursor).toBe(4);
    expect(sequencer.behind).toBe(false);
  });

  it('keeps a bounded number of events for replays, and answers undefined for older versions', () => {
    const { sequencer } = recorder(2);
    sequencer.open(0);
    for (let version = 1; version <= 100; version += 1) sequencer.live(version);
    expect(sequencer.recent(98)).toEqual([99, 100]);
    expect(sequencer.recent(100)).toEqual([]);
    expect(sequencer.recent(50)).toBeUndefined();
    expect(sequencer.recent(101)).toBeUndefined();
  });

  it('is behind when only the head shows a later version', () => {
    const { sequencer } = recorder();
    sequencer.open(3);
    expect(sequencer.behind).toBe(false);
    sequencer.seen(4);
    expect(sequencer.behind).toBe(true);
    sequencer.gapRead([4], 4);
    expect(sequencer.behind).toBe(false);
  });
});
