/**
 * `npm run bench:open`: opens tickets of 100,000 messages and of 100, over REST (the ticket, then its latest messages)
 * and by `join_ticket`, both when another client is in the ticket and when the process has to load the ticket first.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../src/eventlog/migrate.ts';
import type { Opened, Opener } from './open/client.ts';
import { opening, posting, registrations } from './support/desk.ts';
import { openLog } from './support/log.ts';
import { AGENTS, startIdentityProvider } from './support/people.ts';
import { planOf, printTable, type Row, ratios, takeTurns } from './support/rounds.ts';
import { startServer } from './support/server.ts';
import { startServices } from './support/services.ts';
import { startWorker } from './support/worker.ts';

/** The tickets of each length. */
const SHORT = [1_000, 2_000, 3_000];
const LONG = [4_000, 5_000, 6_000];
/** Clients name a ticket by its number. */
const numberOf = (ticket: number) => `${ticket + 1}`;
const MESSAGES = { short: 100, long: Number(process.env.BENCH_MESSAGES || 100_000) } as const;
/** Milliseconds after which the process has unloaded a ticket without members, and a little more. */
const FORGOTTEN = 5_500;
const { rounds } = planOf({ rounds: 6, seconds: 0 });

await using services = await startServices();
await using provider = await startIdentityProvider();
const databaseUrl = await services.createDatabase('bench_open');
await migrate(databaseUrl);
process.stderr.write('making tickets\n');
{
  await using log = await openLog(databaseUrl);
  await log.append(registrations());
  for (const [tickets, messages] of [[SHORT, MESSAGES.short] as const, [LONG, MESSAGES.long] as const]) {
    for (const ticket of tickets) {
      await log.append(opening(ticket));
      await log.append(Array.from({ length: messages }, (_, n) => posting(ticket, n % 2 === 0 ? 'driver' : 'agent')));
    }
  }
  await log.analyze();
}

process.stderr.write('starting the server, which builds its read models first\n');
await using server = await startServer(join(import.meta.dirname, '..', 'src', 'main.ts'), {
  PORT: '0',
  DATABASE_URL: databaseUrl,
  NATS_URL: services.natsUrl,
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'warn',
  ...provider.settings,
});
await using client = startWorker('open/client.ts');
const [agent] = AGENTS;
if (agent === undefined) throw new Error('there is nobody');
await client.call('connect', { url: server.url, token: await provider.tokenOf(agent) } satisfies Opener);
// As in production: a post to a long ticket makes the process write a snapshot.
for (const ticket of [...SHORT, ...LONG]) await client.call('post', numberOf(ticket));

function turnsOf(tickets: readonly number[]) {
  let leftAt = Number.NEGATIVE_INFINITY;
  return async (): Promise<Opened> => {
    await sleep(Math.max(0, leftAt + FORGOTTEN - performance.now()));
    const opened = await client.call<Opened>('open', tickets.map(numberOf));
    leftAt = performance.now();
    return opened;
  };
}

const turns = await takeTurns(rounds, { short: turnsOf(SHORT), long: turnsOf(LONG) });

const of = (side: keyof typeof turns, what: keyof Opened) => turns[side].map((turn) => turn[what]);
const rowsOf = (what: keyof Opened, name: string): Row[] => [
  [`${name}: ${MESSAGES.long} messages, ms`, of('long', what), 2],
  [`  ${MESSAGES.short} messages, ms`, of('short', what), 2],
  ['  long ÷ short (goal ≤ 1.5)', ratios(of('long', what), of('short', what)), 2],
];
printTable(`Opening a ticket, medians (${rounds} rounds)`, [
  ...rowsOf('rest', 'GET ticket and messages'),
  ...rowsOf('warm', 'join_ticket, another client is in the ticket'),
  ...rowsOf('cold', 'join_ticket, the ticket is not loaded'),
]);
