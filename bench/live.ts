/**
 * `npm run bench:live`: the cost of projecting one event, with all read models side by side and in batches of the usual
 * size, while the read models hold 1,000, 10,000 and 100,000 tickets. The events belong to 1,000 tickets, spread
 * evenly. In one more turn they belong to any of the 100,000 tickets; a batch then concerns more tickets, and few are
 * in memory.
 */
import { migrate } from '../src/eventlog/migrate.ts';
import { createReadModels } from '../src/projections/rebuild/provide.ts';
import type { Projected } from './live/projector.ts';
import { opening, posting, randomEventIn, registrations } from './support/desk.ts';
import { type LogWriter, openLog } from './support/log.ts';
import { planOf, printTable, type Row, ratios, takeTurns } from './support/rounds.ts';
import { startServices } from './support/services.ts';
import { startWorker, type Worker } from './support/worker.ts';

const SIZES = [1_000, 10_000, 100_000] as const;
const ACTIVE = 1_000;
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
  await log.append(registrations());
  await log.append(conversations(tickets));
  await log.analyze();
  await createReadModels({ connectionString: url });
  const projector = stack.use(startWorker('live/projector.ts'));
  await projector.call('open', url);
  return { tickets, log, projector };
}

/** Tickets in which driver and agent have posted, because a first post costs more and is not to be measured. */
function* conversations(tickets: number) {
  for (let ticket = 0; ticket < tickets; ticket += 1) {
    yield* opening(ticket);
    yield posting(ticket, 'driver');
    yield posting(ticket, 'agent');
  }
}

async function turn({ tickets, log, projector }: Side, active: number): Promise<Projected> {
  const event = () => randomEventIn(Math.floor(Math.random() * active) * (tickets / active));
  await log.append(Array.from({ length: EVENTS }, event));
  return projector.call<Projected>('project');
}

const sides: Side[] = [];
for (const tickets of SIZES) sides.push(await sideOf(tickets));
const largest = sides.at(-1);
if (largest === undefined) throw new Error('there are no tickets');
const turns = await takeTurns<string, Projected>(rounds, {
  ...Object.fromEntries(sides.map((side) => [side.tickets, () => turn(side, ACTIVE)])),
  any: () => turn(largest, largest.tickets),
});

const costs = (side: number | 'any') =>
  (turns[side] ?? []).map(({ events, seconds }) => (seconds * 1_000_000) / events);
const [smallest, ...larger] = SIZES;
const named = (tickets: number) => `${tickets.toLocaleString('en-US')} tickets`;
printTable(`Projecting an event live, all read models side by side (${rounds} rounds of ${EVENTS} events)`, [
  ...SIZES.map((tickets): Row => [`${named(tickets)}: µs per event`, costs(tickets), 1]),
  ...larger.map((tickets): Row => {
    return [`${named(tickets)} ÷ ${named(smallest)} (goal ≤ 1.3)`, ratios(costs(tickets), costs(smallest)), 2];
  }),
  [`any of ${named(largest.tickets)}: µs per event`, costs('any'), 1],
  [`  ÷ ${named(smallest)}`, ratios(costs('any'), costs(smallest)), 2],
]);
