/** One run answers all who ask while it runs and for a moment afterwards. */
import { expect, it } from 'vitest';
import { sharedRun } from '../../../src/support/shared-run.ts';

function shared() {
  const runs: PromiseWithResolvers<number>[] = [];
  const clock = { time: 0 };
  const task = () => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  };
  return { runs, clock, ask: sharedRun(task, 100, () => clock.time) };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs once for all who ask while it runs, and for those who ask in the moment afterwards', async () => {
  const { runs, clock, ask } = shared();
  const answers = [ask(), ask()];
  clock.time = 1_000;
  answers.push(ask());
  runs[0]?.resolve(1);
  await turn();
  clock.time = 1_099;
  answers.push(ask());
  expect(await Promise.all(answers)).toEqual([1, 1, 1, 1]);
  clock.time = 1_100;
  const next = ask();
  runs[1]?.resolve(2);
  expect(await next).toBe(2);
  expect(runs.length).toBe(2);
});

it('fails all who wait for a failed run, and runs again for the next', async () => {
  const { runs, ask } = shared();
  const failing = [ask(), ask()];
  runs[0]?.reject(new Error('away'));
  for (const one of failing) await expect(one).rejects.toThrow('away');
  const next = ask();
  runs[1]?.resolve(2);
  expect(await next).toBe(2);
});
