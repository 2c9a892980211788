/**
 * `npm run bench:append`: 64 concurrent commands of one event each. Compares Deskwire's appender with Emmett's Postgres
 * event store and with `COPY` into the same table, on the same PostgreSQL.
 */
import type { Turn } from './support/events.ts';
import { planOf, printTable, ratios, takeTurns } from './support/rounds.ts';
import { startServices } from './support/services.ts';
import { startWorker } from './support/worker.ts';

const COPIED = 100_000;
const { rounds, seconds } = planOf({ rounds: 7, seconds: 3 });

await using services = await startServices();
await using deskwire = startWorker('append/deskwire.ts');
await using emmett = startWorker('append/emmett.mjs');
await using copy = startWorker('append/copy.mjs');
await deskwire.call('open', await services.createDatabase('bench_deskwire'));
await emmett.call('open', await services.createDatabase('bench_emmett'));
await copy.call('open', await services.createDatabase('bench_copy'));

const turns = await takeTurns(rounds, {
  emmett: () => emmett.call<Turn>('append', seconds),
  deskwire: () => deskwire.call<Turn>('append', seconds),
  copy: () => copy.call<Turn>('append', COPIED),
});
const perSecond = (side: keyof typeof turns) => turns[side].map((turn) => turn.events / turn.seconds);

printTable(`Events appended per second, 64 concurrent commands of one event (${rounds} rounds)`, [
  ['Deskwire, appender', perSecond('deskwire')],
  ['Emmett, appendToStream', perSecond('emmett')],
  ['COPY, 100,000 rows at once', perSecond('copy')],
  ['Deskwire ÷ Emmett (goal ≥ 6)', ratios(perSecond('deskwire'), perSecond('emmett')), 2],
  ['Deskwire ÷ COPY (goal ≥ 0.20)', ratios(perSecond('deskwire'), perSecond('copy')), 3],
]);
