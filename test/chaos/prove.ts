/**
 * `npm run test:chaos:prove`: breaks a copy of the system with each mutation of `mutations.ts`, and prints the
 * violations that the checker finds. Exits with 1 when it finds none for some mutation. CHAOS_ONLY selects the
 * mutations whose name contains it.
 */
import { join } from 'node:path';
import { checkHistory } from './checker/checker.ts';
import { FAULTS } from './faults/all.ts';
import { MUTATIONS, mutatedCopy } from './mutations.ts';
import { createRandom } from './random.ts';
import { run } from './run.ts';
import { ownServices, PROJECT } from './services.ts';

const { CHAOS_ONLY = '', CHAOS_SEED = '1' } = process.env;
const say = (line: string) => void process.stdout.write(`${line}\n`);
/** Milliseconds. */
const TIMEOUT = 15_000;
const SHOWN = 6;

for (const [number, mutation] of MUTATIONS.entries()) {
  if (!mutation.name.includes(CHAOS_ONLY)) continue;
  await using services = await ownServices();
  const root = await mutatedCopy(PROJECT, join(services.directory, 'mutant'), mutation);
  const faults = mutation.faults.map((kind) => {
    const fault = FAULTS.find((one) => one.kind === kind);
    if (fault === undefined) throw new Error(`there is no fault "${kind}"`);
    return fault;
  });
  say(`${number + 1}. ${mutation.name}`);
  const { history } = await run({
    services: { ...services, root },
    random: createRandom(Number(CHAOS_SEED)),
    faults,
    longest: Number.POSITIVE_INFINITY,
    pause: [20, 60],
    convergenceTimeout: TIMEOUT,
    log: (line) => say(`   ${line}`),
  });
  const violations = checkHistory(history);
  const kinds = [...new Set(violations.map(({ rule }) => rule))];
  say(kinds.length === 0 ? '   the checker objects to nothing' : `   the checker objects: ${kinds.join('; ')}`);
  for (const { what } of violations.slice(0, SHOWN)) say(`     ${what}`);
  if (kinds.length === 0) process.exitCode = 1;
}
