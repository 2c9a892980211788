/**
 * `npm run bench:delivery`: the time from the start of a message's POST to the event at a socket.io-client in the
 * ticket, at a steady 500 messages a second. Compares with a plain Express server.
 */
import type { Deliveries } from './load/clients.ts';
import { planOf, printTable, ratios, takeTurns } from './support/rounds.ts';
import { type Side, startSides } from './support/sides.ts';
import { startWorker } from './support/worker.ts';

const TICKETS = 32;
const PER_SECOND = 500;
const { rounds, seconds } = planOf({ rounds: 7, seconds: 5 });

await using sides = await startSides(TICKETS);
await using ours = startWorker('load/clients.ts');
await using peers = startWorker('load/clients.ts');

async function joined({ server: { url }, desks }: Side, clients: typeof ours) {
  await clients.call('join', { url, desks });
  return async () => {
    const deliveries = await clients.call<Deliveries>('deliver', { perSecond: PER_SECOND, seconds });
    const sent = PER_SECOND * seconds;
    if (deliveries.arrived !== sent) throw new Error(`${deliveries.arrived} of ${sent} messages arrived`);
    return deliveries;
  };
}

const turns = await takeTurns(rounds, {
  peer: await joined(sides.peer, peers),
  deskwire: await joined(sides.deskwire, ours),
});
const p50 = (side: keyof typeof turns) => turns[side].map((deliveries) => deliveries.p50);
const p99 = (side: keyof typeof turns) => turns[side].map((deliveries) => deliveries.p99);

printTable(
  `From POST to the event at a client, ${PER_SECOND} messages a second, ${TICKETS} tickets (${rounds} rounds)`,
  [
    ['Deskwire, p50, ms', p50('deskwire'), 2],
    ['Deskwire, p99, ms', p99('deskwire'), 2],
    ['Express, p50, ms', p50('peer'), 2],
    ['Express, p99, ms', p99('peer'), 2],
    ['Deskwire ÷ Express, p50 (goal ≤ 1)', ratios(p50('deskwire'), p50('peer')), 2],
    ['Deskwire ÷ Express, p99', ratios(p99('deskwire'), p99('peer')), 2],
  ],
);
