/**
 * The short form of the chaos suite: one fault of every sort, and the whole checker. The long form: `npm run
 * test:chaos`.
 */
import { expect, inject, it } from 'vitest';
import { startOwnNats, startOwnPostgres } from '../support/sources.ts';
import { checkHistory } from './checker/checker.ts';
import { FAULTS } from './faults/all.ts';
import { createRandom } from './random.ts';
import { render } from './report.ts';
import { run } from './run.ts';
import { PROJECT } from './services.ts';

const SHORT = [
  'kill a node',
  'stop the relay leader',
  'delete the JetStream stream',
  'cut a node from its clients',
  'kill Postgres and nats-server',
];

it('loses no command and repeats none while processes and connections fail', { timeout: 180_000 }, async () => {
  const { source, directory } = inject('services');
  const lines: string[] = [];
  const outcome = await run({
    services: {
      startPostgres: () => startOwnPostgres(source, 'durable'),
      startNats: () => startOwnNats(source),
      directory,
      root: PROJECT,
    },
    random: createRandom(1),
    faults: SHORT.flatMap((kind) => FAULTS.filter((fault) => fault.kind === kind)),
    longest: Number.POSITIVE_INFINITY,
    pause: [20, 60],
    convergenceTimeout: 60_000,
    log: (line) => lines.push(line),
  });
  const violations = checkHistory(outcome.history);
  expect(violations, [...lines, render(outcome, violations)].join('\n')).toEqual([]);
  expect(outcome.injections.map(({ kind }) => kind)).toEqual(SHORT);
  expect(outcome.history.commands.length).toBeGreaterThan(SHORT.length);
});
