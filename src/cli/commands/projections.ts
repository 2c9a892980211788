/** `deskwire projections …`: how the read models stand, and rebuilding them. */
import { Argument, type Command } from 'commander';
import { createEventReader } from '../../eventlog/reader.ts';
import { abortRebuild, dropOld } from '../../projections/admin/cleanup.ts';
import { setPaused } from '../../projections/admin/orders.ts';
import { type ProjectionStatus, projectionStatus } from '../../projections/admin/status.ts';
import { makeCurrent } from '../../projections/admin/versions.ts';
import { DEFAULT_SCHEMAS, PROJECTIONS, type ProjectionName, projectionNames } from '../../projections/catalog.ts';
import { ORDERS } from '../../projections/projections.ts';
import { findBuild } from '../../projections/rebuild/builds.ts';
import { createLogBatches } from '../../projections/rebuild/log-batches.ts';
import { type RebuildOptions, rebuild, rollBack } from '../../projections/rebuild/rebuild.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { ago, bytes, count, table } from '../output.ts';
import { createProgressDisplay } from '../progress.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';

export const nameArgument = () => new Argument('<projection>', 'name of the projection').choices(projectionNames());
const namesArgument = () => new Argument('[projections...]', 'names of projections').choices(projectionNames());

export function projectionCommands(program: Command, action: Action): Command {
  const projections = program.command('projections').description('read models: how they stand, and rebuilding them');
  projections
    .command('list')
    .description('one line for each projection')
    .action(action((on) => list(on)));
  projections
    .command('status')
    .description('everything about one projection, or all: tables, rebuilds, parked events, other versions')
    .addArgument(namesArgument())
    .action(action((on, names: ProjectionName[]) => status(on, names)));
  projections
    .command('rebuild')
    .description('build read models anew from the log, while those there are serve, and swap them in')
    .addArgument(namesArgument())
    .option('--all', 'all of them, reading the log once')
    .option('--prepare', 'fill the new tables but leave the swap to a later rebuild')
    .addHelpText(
      'after',
      `
Interrupted (Ctrl-C, a crash), the next rebuild goes on where it was; \`abort\` gives it up.
Nothing is announced to anybody. What served before is kept until \`drop-old\` or the next rebuild; \`rollback\` brings it back.`,
    )
    .action(
      action((on, names: ProjectionName[], options: { all?: boolean; prepare?: boolean }) =>
        rebuildAll(on, chosen(names, options.all === true), options.prepare === true),
      ),
    );
  projections
    .command('rollback')
    .description('bring back what served before the last rebuild; or, under older code, make its version current again')
    .addArgument(nameArgument())
    .action(action((on, name: ProjectionName) => rollBackOne(on, name)));
  projections
    .command('abort')
    .description('give up a rebuild that is going on or was interrupted')
    .addArgument(nameArgument())
    .action(action((on, name: ProjectionName) => abort(on, name)));
  projections
    .command('drop-old')
    .description('drop what served before the last rebuild, and the tables of older versions')
    .addArgument(namesArgument())
    .option('--all', 'of all of them')
    .action(
      action((on, names: ProjectionName[], options: { all?: boolean }) =>
        dropAll(on, chosen(names, options.all === true)),
      ),
    );
  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    projections
      .command(verb)
      .description(paused ? 'stop a projection where it stands; it goes on serving' : 'let a paused projection go on')
      .addArgument(nameArgument())
      .action(action((on, name: ProjectionName) => pause(on, name, paused)));
  }
  return projections;
}

function chosen(names: readonly ProjectionName[], all: boolean): readonly ProjectionName[] {
  if (all === names.length > 0) throw new CommandError(EXIT.usage, 'name the projections, or say --all.');
  return all ? projectionNames() : [...new Set(names)];
}

/** Tells running processes that there is an order; without a broker they find it within two seconds. */
export async function tellRunners(on: Surroundings): Promise<void> {
  try {
    const { broker } = await on.broker();
    broker.signals.publish(ORDERS, {});
  } catch {
    on.output.note('NATS cannot be reached: the order is noticed within a few seconds.');
  }
}

function stateOf({ serving, next }: ProjectionStatus): string {
  if (serving === undefined) return next?.running ? 'being built' : 'missing';
  const states = [
    serving.paused ? 'paused' : serving.running ? 'active' : 'not running',
    next && (next.running ? 'rebuilding' : 'rebuild interrupted'),
    !serving.current && 'not current',
    serving.parked.streams > 0 && 'parked events',
  ];
  return states.filter(Boolean).join(', ');
}

async function list(on: Surroundings): Promise<void> {
  const statuses = await projectionStatus(await on.pool());
  const rows = statuses.map((status) => [
    status.name,
    String(status.version),
    stateOf(status),
    count(status.serving?.position ?? 0),
    status.serving ? count(status.serving.lag) : '-',
    count(status.serving?.parked.events ?? 0),
    bytes(status.serving?.bytes ?? 0),
  ]);
  const headings = ['PROJECTION', 'VERSION', 'STATE', 'POSITION', 'LAG', 'PARKED', 'SIZE'];
  on.output.result(statuses, table(headings, rows));
}

async function status(on: Surroundings, names: readonly ProjectionName[]): Promise<void> {
  const all = await projectionStatus(await on.pool());
  const statuses = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  const now = Date.now();
  on.output.result(statuses, statuses.map((one) => describe(one, now)).join('\n\n'));
}

function describe(status: ProjectionStatus, now: number): string {
  const { serving, next, previous, others } = status;
  const lines = [`${status.name}, version ${status.version}: ${stateOf(status)}`];
  if (serving) {
    const { streams, events } = serving.parked;
    lines.push(
      `  serves     ${serving.schema} (${bytes(serving.bytes)}), position ${count(serving.position)} of ${count(status.head)}, last moved ${ago(serving.updatedAt, now)}`,
      ...(events > 0 ? [`  parked     ${count(events)} events of ${count(streams)} streams`] : []),
    );
  }
  if (next) {
    const share = status.head === 0 ? 100 : Math.floor((next.position * 100) / status.head);
    lines.push(
      `  rebuild    ${next.schema} (${bytes(next.bytes)}), ${share} %, started ${ago(next.startedAt, now)}, last moved ${ago(next.updatedAt, now)}`,
    );
  }
  if (previous) {
    lines.push(
      `  previous   ${previous.schema} (${bytes(previous.bytes)}), position ${count(previous.position)}, kept since ${ago(previous.startedAt, now)}`,
    );
  }
  for (const other of others) {
    const state = [other.current && 'current', other.running && 'running'].filter(Boolean).join(', ') || 'unused';
    lines.push(
      `  version ${other.version}  ${other.schema} (${bytes(other.bytes)}), position ${count(other.position)}, ${state}`,
    );
  }
  return lines.join('\n');
}

async function rebuildOptions(on: Surroundings): Promise<Omit<RebuildOptions, 'onProgress'>> {
  const reader = createEventReader(await on.pool());
  return {
    database: await on.database(),
    reader,
    batches: createLogBatches(reader),
    signal: on.signal,
    log: {
      info: () => {},
      error(details: unknown, message?: string) {
        const { projection, stream, position } = details as Record<string, unknown>;
        on.output.note(`${projection}: ${message} (${stream}, position ${position})`);
      },
    },
  };
}

async function rebuildAll(on: Surroundings, names: readonly ProjectionName[], prepare: boolean): Promise<void> {
  if (!prepare) await refuseToTakeOver(on, names);
  const options = await rebuildOptions(on);
  const began = performance.now();
  {
    using display = createProgressDisplay(process.stderr, on.output.json);
    const rebuilds = names.map((name) =>
      rebuild(PROJECTIONS[name], DEFAULT_SCHEMAS[name], { ...options, swap: !prepare, onProgress: display.show }),
    );
    const outcomes = await Promise.allSettled(rebuilds);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
  await tellRunners(on);
  const seconds = (performance.now() - began) / 1_000;
  const what = prepare ? 'prepared' : 'rebuilt and serving';
  on.output.result(
    { projections: names, swapped: !prepare, seconds },
    `${names.join(', ')}: ${what} after ${seconds.toFixed(1)} s.`,
  );
}

/** A version that is in use is taken over from by the processes that replace it, not before they run. */
async function refuseToTakeOver(on: Surroundings, names: readonly ProjectionName[]): Promise<void> {
  for (const { name, version, serving, others } of await projectionStatus(await on.pool())) {
    const inUse = others.find((other) => other.current && other.running);
    if (!names.includes(name) || serving !== undefined || inUse === undefined) continue;
    throw new CommandError(
      EXIT.busy,
      `version ${inUse.version} of ${name} is in use: say --prepare; processes of version ${version} take over when they start.`,
    );
  }
}

async function rollBackOne(on: Surroundings, name: ProjectionName): Promise<void> {
  const projection = PROJECTIONS[name];
  const session = await on.session();
  if ((await findBuild(session.query, projection, 'previous')) === undefined) {
    if (!(await makeCurrent(await on.pool(), projection))) {
      throw new CommandError(
        EXIT.nothingToDo,
        `${name} has nothing to go back to: no previous tables, and it is current.`,
      );
    }
    await tellRunners(on);
    return on.output.result(
      { projection: name, current: true },
      `${name}: version ${projection.version} is current again.`,
    );
  }
  const options = await rebuildOptions(on);
  {
    using display = createProgressDisplay(process.stderr, on.output.json);
    await rollBack(projection, DEFAULT_SCHEMAS[name], { ...options, onProgress: display.show });
  }
  await tellRunners(on);
  on.output.result({ projection: name, rolledBack: true }, `${name}: what served before serves again.`);
}

async function abort(on: Surroundings, name: ProjectionName): Promise<void> {
  if (!(await abortRebuild(await on.session(), PROJECTIONS[name]))) {
    throw new CommandError(EXIT.nothingToDo, `${name} is not being rebuilt.`);
  }
  on.output.result({ projection: name, aborted: true }, `${name}: the rebuild is given up, its tables are dropped.`);
}

async function dropAll(on: Surroundings, names: readonly ProjectionName[]): Promise<void> {
  const session = await on.session();
  const dropped: string[] = [];
  for (const name of names) dropped.push(...(await dropOld(session, PROJECTIONS[name])));
  on.output.result({ dropped }, dropped.length === 0 ? 'There is nothing old.' : `Dropped ${dropped.join(', ')}.`);
}

async function pause(on: Surroundings, name: ProjectionName, paused: boolean): Promise<void> {
  const state = paused ? 'paused' : 'not paused';
  if (!(await setPaused(await on.pool(), PROJECTIONS[name], paused))) {
    throw new CommandError(EXIT.nothingToDo, `${name} is ${state} already.`);
  }
  await tellRunners(on);
  on.output.result({ projection: name, paused }, `${name} is ${state}.`);
}
