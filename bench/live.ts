/**
 * `npm run bench:live`: what projecting one event costs, all read models side by side and in batches as they come when
 * people talk, while the read models hold 1,000, 10,000 and 100,000 tickets. The events are of any of these tickets.
 */
import { migrate } from '../src/eventlog/migrate.ts';
import { createReadModels } from '../src/projections/provide.ts';
import type { Projected } from './live/projector.ts';
import { everybody, opening, posting, somethingIn } from './support/desk.ts';
import { type LogWriter, openLog } from './support/log.ts';
import { planOf, printTable, type Row, ratios, takeTurns } from './support/rounds.ts';
import { startServices } from './support/services.ts';
import { startWorker, type Worker } from './support/worker.ts';

const SIZES = [1_000, 10_000, 100_000] as const;
const EVENTS = 10_000;
const { rounds } = planOf({ rounds: 5, seconds: 0 });

await using services = await startServices();
await using stack = new AsyncDisposableStack();

interface Side {
  readonly tickets: number;
  readonly log: LogWriter;
  readonly projector: Worker;
}

async function sideOf(tickets: number): Promise<Side> {
  process.stderr.write(`making ${tickets} tickets\n`);
  const url = await services.createDatabase(`bench_live_${tickets}`);
  await migrate(url);
  const log = stack.use(await openLog(url));
  await log.append(everybody());
  await log.append(threeEventsEach(tickets));
  await log.analyze();
  await createReadModels({ connectionString: url });
  const projector = stack.use(startWorker('live/projector.ts'));
  await projector.call('open', url);
  return { tickets, log, projector };
}

function* threeEventsEach(tickets: number) {
  for (let ticket = 0; ticket < tickets; ticket += 1) {
    yield* opening(ticket);
    yield posting(ticket, false);
  }
}

async function turn({ tickets, log, projector }: Side): Promise<Projected> {
  const anywhere = () => somethingIn(Math.floor(Math.random() * tickets));
  await log.append(Array.from({ length: EVENTS }, anywhere));
  return projector.call<Projected>('project');
}

const sides: Side[] = [];
for (const tickets of SIZES) sides.push(await sideOf(tickets));
const turns = await takeTurns(rounds, Object.fromEntries(sides.map((side) => [side.tickets, () => turn(side)])));

const costs = (tickets: number) => (turns[tickets] ?? []).map(({ events, seconds }) => (seconds * 1_000_000) / events);
const [smallest, ...larger] = SIZES;
const named = (tickets: number) => `${tickets.toLocaleString('en-US')} tickets`;
printTable(`Projecting an event live, all read models side by side (${rounds} rounds of ${EVENTS} events)`, [
  ...SIZES.map((tickets): Row => [`${named(tickets)}: µs per event`, costs(tickets), 1]),
  ...larger.map((tickets): Row => {
    return [`${named(tickets)} ÷ ${named(smallest)} (goal ≤ 1.3)`, ratios(costs(tickets), costs(smallest)), 2];
  }),
]);
