/** The list of all faults, and the random choice of some. */
import type { Random } from '../random.ts';
import type { Fault } from './fault.ts';
import { linkFaults } from './links.ts';
import { processFaults } from './processes.ts';
import { serviceFaults } from './services.ts';

export const FAULTS: readonly Fault[] = [...processFaults, ...serviceFaults, ...linkFaults];

/** Chooses `count` faults: first each kind once, in random order, then by weight. */
export function chooseFaults(random: Random, count: number, from: readonly Fault[] = FAULTS): readonly Fault[] {
  const bag = from.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
  const once = shuffled(random, from).slice(0, count);
  return [...once, ...Array.from({ length: count - once.length }, () => random.pick(bag))];
}

function shuffled<T>(random: Random, from: readonly T[]): T[] {
  return from
    .map((one) => ({ one, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
