/**
 * `npm run bench:rebuild`: rebuilds all read models from a log of 500,000 events (BENCH_EVENTS). Compares with `COPY`
 * of the same rows into the same tables, on the same PostgreSQL.
 */
import { migrate } from '../src/eventlog/migrate.ts';
import { DEFAULT_SCHEMAS } from '../src/projections/catalog.ts';
import { createReadModels } from '../src/projections/rebuild/provide.ts';
import { deskHistory } from './support/desk.ts';
import { openLog } from './support/log.ts';
import { planOf, printTable, ratios, takeTurns } from './support/rounds.ts';
import { query, startServices } from './support/services.ts';
import { startWorker } from './support/worker.ts';

const events = Number(process.env.BENCH_EVENTS || 500_000);
const { rounds } = planOf({ rounds: 3, seconds: 0 });

await using services = await startServices();
const url = await services.createDatabase('bench_rebuild');
await migrate(url);
process.stderr.write('making a history\n');
{
  await using log = await openLog(url);
  await log.append(deskHistory().take(events));
  await log.analyze();
}
await createReadModels({ connectionString: url });

// Otherwise the rows that one side leaves behind would be vacuumed during the turn of the other side.
await query(url, 'alter system set autovacuum = off');
await query(url, 'select pg_reload_conf()');
await using deskwire = startWorker('rebuild/deskwire.ts');
await using copy = startWorker('rebuild/copy.mjs');
await deskwire.call('open', url);
await copy.call('open', url);
const rows = await copy.call<number>('take', Object.values(DEFAULT_SCHEMAS));

const turns = await takeTurns(rounds, {
  async deskwire() {
    await query(url, 'checkpoint');
    return deskwire.call<number>('rebuild');
  },
  copy: () => copy.call<number>('copy'),
});

const perSecond = (of: number, seconds: readonly number[]) => seconds.map((one) => of / one);
printTable(`Rebuilding all read models of ${events.toLocaleString('en-US')} events (${rounds} rounds)`, [
  ['Deskwire, events/s', perSecond(events, turns.deskwire)],
  ['Deskwire, rows/s', perSecond(rows, turns.deskwire)],
  ['COPY of the rows, rows/s', perSecond(rows, turns.copy)],
  ['Deskwire ÷ COPY (goal ≥ 0.25)', ratios(turns.copy, turns.deskwire), 3],
]);
