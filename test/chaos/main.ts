/**
 * `npm run test:chaos`: faults without end until there were CHAOS_FAULTS of them (100), or CHAOS_MINUTES (14) are over, chosen by
 * CHAOS_SEED (by chance; it is printed). CHAOS_ONLY takes those whose name contains it. Ends with 1 when the checker objects.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsProcess, postgresProcess } from '../support/processes.ts';
import { checkHistory } from './checker/checker.ts';
import { chooseFaults, FAULTS } from './faults/all.ts';
import { createRandom } from './random.ts';
import { render } from './report.ts';
import { run } from './run.ts';

const { CHAOS_FAULTS = '100', CHAOS_MINUTES = '14', CHAOS_ONLY = '', CHAOS_KEEP = '', PATH = '' } = process.env;
const seed = Number(process.env.CHAOS_SEED || Math.floor(Math.random() * 2 ** 31));
const root = join(import.meta.dirname, '..', '..');
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(`CHAOS_SEED=${seed} CHAOS_FAULTS=${CHAOS_FAULTS}`);
const random = createRandom(seed);
const kinds = FAULTS.filter(({ kind }) => kind.includes(CHAOS_ONLY));
const directory = await mkdtemp(join(tmpdir(), 'deskwire-chaos-'));
const source = { path: PATH, cache: join(root, '.cache'), directory };
try {
  const outcome = await run({
    services: {
      startPostgres: () => postgresProcess(source, 'durable'),
      startNats: () => natsProcess(source),
      ...{ directory, root },
    },
    random,
    faults: chooseFaults(random, Number(CHAOS_FAULTS), kinds),
    longest: Number(CHAOS_MINUTES) * 60_000,
    pause: [40, 120],
    log: say,
  });
  const violations = checkHistory(outcome.history);
  say(render(outcome, violations));
  if (CHAOS_KEEP !== '') await writeFile(CHAOS_KEEP, JSON.stringify(outcome));
  process.exitCode = violations.length === 0 ? 0 : 1;
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 20 });
}
