/**
 * The platform functions under the control of a test: time passes when the test says so, random numbers are known, ids
 * count up.
 */
import type { Surroundings } from '../../../src/client/surroundings.ts';

export interface World {
  readonly surroundings: Pick<Surroundings, 'now' | 'random' | 'newId' | 'after'>;
  /** Lets this many milliseconds pass, and runs the timers that are due. */
  pass(milliseconds: number): Promise<void>;
  /** Milliseconds until the next timer; undefined when there is none. */
  readonly next: number | undefined;
}

export function createWorld(name = 'world', random: () => number = () => 0.5): World {
  let time = 1_000_000;
  let ids = 0;
  const planned = new Set<{ readonly at: number; run(): void }>();
  const first = () => [...planned].sort((a, b) => a.at - b.at)[0];
  return {
    surroundings: {
      now: () => time,
      random,
      newId: () => `${name}-${++ids}`,
      after(milliseconds, run) {
        const plan = { at: time + milliseconds, run };
        planned.add(plan);
        return () => void planned.delete(plan);
      },
    },
    async pass(milliseconds) {
      const until = time + milliseconds;
      await settle();
      for (let plan = first(); plan !== undefined && plan.at <= until; plan = first()) {
        planned.delete(plan);
        time = plan.at;
        plan.run();
        await settle();
      }
      time = until;
    },
    get next() {
      const plan = first();
      return plan && plan.at - time;
    },
  };
}

/** Waits until resolved promises have run their continuations. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 30; turns += 1) await Promise.resolve();
}
