/**
 * `npm run bench:placement`: commands for the same few tickets arrive on every node of a cluster, with placement and
 * without. Without placement every node decides for itself. The result is still correct, because the log accepts one
 * event for each version; but the other nodes must read the events that they missed and decide again.
 */
import { randomUUID } from 'node:crypto';
import { migrate } from '../src/eventlog/migrate.ts';
import type { NodeTurn } from './cluster/node.ts';
import { planOf, printTable, ratios, takeTurns } from './support/rounds.ts';
import { startServices } from './support/services.ts';
import { startWorker } from './support/worker.ts';

const NODES = 3;
const LOOPS = 32;
const { rounds, seconds } = planOf({ rounds: 5, seconds: 3 });

await using services = await startServices();
const databaseUrl = await services.createDatabase('bench_placement');
await migrate(databaseUrl);
await using stack = new AsyncDisposableStack();
const nodes = Array.from({ length: NODES }, () => stack.use(startWorker('cluster/node.ts')));
for (const node of nodes) await node.call('open', { databaseUrl, natsUrl: services.natsUrl });

interface Turn {
  readonly perSecond: number;
  readonly refused: number;
  readonly median: number;
  readonly slowest: number;
}

/** Every node posts to the same tickets; each turn uses new tickets. */
async function turn(side: 'placed' | 'alone', tickets: number): Promise<Turn> {
  const ids = Array.from({ length: tickets }, () => randomUUID());
  await nodes[0]?.call('openTickets', ids);
  const turns = await Promise.all(
    nodes.map((node) => node.call<NodeTurn>('post', { side, ids, loops: LOOPS, seconds })),
  );
  const latencies = turns.flatMap((one) => [...one.latencies]).sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
  return {
    perSecond: latencies.length / seconds,
    refused: turns.reduce((sum, one) => sum + one.refused, 0),
    median: at(0.5),
    slowest: at(0.99),
  };
}

for (const tickets of [1, 32]) {
  const turns = await takeTurns(rounds, {
    alone: () => turn('alone', tickets),
    placed: () => turn('placed', tickets),
  });
  const of = (side: keyof typeof turns, what: keyof Turn) => turns[side].map((one) => one[what]);
  printTable(
    `${tickets} ticket${tickets > 1 ? 's' : ''}, ${NODES} nodes, ${LOOPS} concurrent commands on each (${rounds} rounds)`,
    [
      ['with placement: commands per second', of('placed', 'perSecond')],
      ['without', of('alone', 'perSecond')],
      ['with ÷ without', ratios(of('placed', 'perSecond'), of('alone', 'perSecond')), 2],
      ['with placement: p50, ms', of('placed', 'median'), 1],
      ['without', of('alone', 'median'), 1],
      ['with placement: p99, ms', of('placed', 'slowest'), 1],
      ['without', of('alone', 'slowest'), 1],
      ['with placement: refused', of('placed', 'refused')],
      ['without', of('alone', 'refused')],
    ],
  );
}
