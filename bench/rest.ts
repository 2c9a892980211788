/**
 * `npm run bench:rest`: messages over REST on 64 connections, with Deskwire in one process. Compares with a plain
 * Express server. A turn of Deskwire ends when the read models have every message of the turn.
 */
import type { Posted } from './load/posts.ts';
import { planOf, printTable, ratios, takeTurns } from './support/rounds.ts';
import { type Side, startSides } from './support/sides.ts';
import { startWorker } from './support/worker.ts';

const TICKETS = 128;
const LISTENERS = 8;
const CONNECTIONS = 64;
const WARM_UP = 20_000;
const { rounds, seconds } = planOf({ rounds: 5, seconds: 5 });

interface Turn extends Posted {
  /** Seconds from the last answer until the read models had every event. */
  readonly drain: number;
  /** The number of events that the read models lacked at the last answer. */
  readonly lag: number;
  /** Microseconds of the server's CPU per message. */
  readonly cpu: number;
}

await using sides = await startSides(TICKETS);
await using ourLoad = startWorker('load/posts.ts');
await using peerLoad = startWorker('load/posts.ts');
await using ourListeners = startWorker('load/clients.ts');
await using peerListeners = startWorker('load/clients.ts');

async function prepare({ server: { url }, desks }: Side, load: typeof ourLoad, listeners: typeof ourLoad) {
  await load.call('prepare', { url, desks });
  await listeners.call('join', { url, desks: desks.slice(0, LISTENERS) });
}
await prepare(sides.deskwire, ourLoad, ourListeners);
await prepare(sides.peer, peerLoad, peerListeners);

/** Makes turns of about the same length: the number of messages of a turn follows from the rate of the turn before. */
function turnsOf(side: Side, load: typeof ourLoad, settle: () => Promise<{ lag: number; drain: number }>) {
  let amount = WARM_UP;
  return async (): Promise<Turn> => {
    const before = { stored: await side.stored(), cpu: await side.server.cpu() };
    const posted = await load.call<Posted>('post', amount);
    const { lag, drain } = await settle();
    const cpu = ((await side.server.cpu()) - before.cpu) * (1_000 / posted.messages);
    const stored = (await side.stored()) - before.stored;
    if (stored !== posted.messages) throw new Error(`${posted.messages} messages were accepted, ${stored} are stored`);
    amount = Math.ceil((posted.messages / posted.seconds) * seconds);
    return { ...posted, drain, lag, cpu };
  };
}

async function drainOurs(): Promise<{ lag: number; drain: number }> {
  const began = performance.now();
  const lag = await sides.deskwire.lag();
  await sides.deskwire.drained();
  return { lag, drain: (performance.now() - began) / 1_000 };
}

const turns = await takeTurns(rounds, {
  peer: turnsOf(sides.peer, peerLoad, async () => ({ lag: 0, drain: 0 })),
  deskwire: turnsOf(sides.deskwire, ourLoad, drainOurs),
});
const of = (side: keyof typeof turns, value: (turn: Turn) => number) => turns[side].map(value);
const rate = ({ messages, seconds, drain }: Turn) => messages / (seconds + drain);

printTable(`Messages over REST at ${CONNECTIONS} connections, ${TICKETS} tickets (${rounds} rounds)`, [
  ['Deskwire, messages per second until the read models have them', of('deskwire', rate)],
  ['  answered per second', of('deskwire', ({ messages, seconds }) => messages / seconds)],
  ['  events that the read models lacked after the last answer', of('deskwire', ({ lag }) => lag)],
  ['  milliseconds until they had them', of('deskwire', ({ drain }) => drain * 1_000)],
  ['  answer p50, ms', of('deskwire', ({ p50 }) => p50)],
  ['  answer p99, ms', of('deskwire', ({ p99 }) => p99)],
  ['  CPU of the server per message, µs', of('deskwire', ({ cpu }) => cpu)],
  ['Express, messages per second', of('peer', rate)],
  ['  answer p50, ms', of('peer', ({ p50 }) => p50)],
  ['  answer p99, ms', of('peer', ({ p99 }) => p99)],
  ['  CPU of the server per message, µs', of('peer', ({ cpu }) => cpu)],
  ['Deskwire ÷ Express (goal ≥ 3)', ratios(of('deskwire', rate), of('peer', rate)), 2],
]);
