/**
 * `npm run test:chaos`: injects CHAOS_FAULTS (100) faults, or as many as begin within CHAOS_MINUTES (12). CHAOS_SEED
 * chooses them; without it a random seed is used and printed. CHAOS_ONLY selects the faults whose name contains it.
 * CHAOS_KEEP names a file for the whole history, as JSON. Exits with 1 when the checker finds a violation.
 */
import { writeFile } from 'node:fs/promises';
import { checkHistory } from './checker/checker.ts';
import { chooseFaults, FAULTS } from './faults/all.ts';
import { createRandom } from './random.ts';
import { render } from './report.ts';
import { run } from './run.ts';
import { ownServices, PROJECT } from './services.ts';

const { CHAOS_FAULTS = '100', CHAOS_MINUTES = '12', CHAOS_ONLY = '', CHAOS_KEEP = '' } = process.env;
const seed = Number(process.env.CHAOS_SEED || Math.floor(Math.random() * 2 ** 31));
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(`CHAOS_SEED=${seed} CHAOS_FAULTS=${CHAOS_FAULTS}`);
const random = createRandom(seed);
const kinds = FAULTS.filter(({ kind }) => kind.includes(CHAOS_ONLY));
await using services = await ownServices();
const outcome = await run({
  services: { ...services, root: PROJECT },
  random,
  faults: chooseFaults(random, Number(CHAOS_FAULTS), kinds),
  longest: Number(CHAOS_MINUTES) * 60_000,
  pause: [40, 120],
  convergenceTimeout: 60_000,
  log: say,
});
const violations = checkHistory(outcome.history);
say(render(outcome, violations));
if (CHAOS_KEEP !== '') await writeFile(CHAOS_KEEP, JSON.stringify(outcome));
process.exitCode = violations.length === 0 ? 0 : 1;
