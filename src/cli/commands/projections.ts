/** `deskwire projections …`: shows the state of the read models, and rebuilds, pauses and rolls them back. */
import { Argument, type Command } from 'commander';
import type { ProjectionStatus } from '../../projections/admin/status.ts';
import { type ProjectionName, projectionNames } from '../../projections/catalog.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { commandOperations } from '../operations.ts';
import { ago, bytes, count, table } from '../output.ts';
import { createProgressDisplay } from '../progress.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';

export const nameArgument = () => new Argument('<projection>', 'name of the projection').choices(projectionNames());
const namesArgument = () => new Argument('[projections...]', 'names of projections').choices(projectionNames());

export function projectionCommands(program: Command, action: Action): Command {
  const projections = program.command('projections').description('state of the read models, rebuilds, pauses');
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
    .description('rebuild read models from the log while the present ones serve, then swap them')
    .addArgument(namesArgument())
    .option('--all', 'all projections, reading the log once')
    .option('--prepare', 'fill the new tables but leave the swap to a later rebuild')
    .addHelpText(
      'after',
      `
After an interruption (Ctrl-C, a crash), the next rebuild continues where it was; \`abort\` drops it.
Clients receive no events from a rebuild. The previous tables are kept until \`drop-old\` or the next rebuild;
\`rollback\` brings them back.`,
    )
    .action(
      action((on, names: ProjectionName[], options: { all?: boolean; prepare?: boolean }) =>
        rebuildAll(on, chosen(names, options.all === true), options.prepare === true),
      ),
    );
  projections
    .command('rollback')
    .description(
      'bring back the tables from before the last rebuild; or, under older code, make its version current again',
    )
    .addArgument(nameArgument())
    .action(action((on, name: ProjectionName) => rollBack(on, name)));
  projections
    .command('abort')
    .description('abort a rebuild that runs or was interrupted')
    .addArgument(nameArgument())
    .action(action((on, name: ProjectionName) => abort(on, name)));
  projections
    .command('drop-old')
    .description('drop the tables from before the last rebuild, and those of older versions')
    .addArgument(namesArgument())
    .option('--all', 'of all projections')
    .action(
      action((on, names: ProjectionName[], options: { all?: boolean }) =>
        dropOld(on, chosen(names, options.all === true)),
      ),
    );
  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    projections
      .command(verb)
      .description(paused ? 'pause a projection; its read model still serves' : 'resume a paused projection')
      .addArgument(nameArgument())
      .action(action((on, name: ProjectionName) => pauseOrResume(on, name, paused)));
  }
  return projections;
}

function chosen(names: readonly ProjectionName[], all: boolean): readonly ProjectionName[] {
  if (all === names.length > 0) throw new CommandError(EXIT.usage, 'name the projections, or say --all.');
  return all ? projectionNames() : [...new Set(names)];
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
  const statuses = await (await commandOperations(on)).listProjections();
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
  const all = await (await commandOperations(on)).listProjections();
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

async function rebuildAll(on: Surroundings, names: readonly ProjectionName[], prepare: boolean): Promise<void> {
  const began = performance.now();
  {
    using display = createProgressDisplay(process.stderr, on.output.json);
    const operations = await commandOperations(on, display.show);
    await operations.rebuild(names, { prepare });
  }
  const seconds = (performance.now() - began) / 1_000;
  const outcome = prepare ? 'prepared' : 'rebuilt and serving';
  on.output.result(
    { projections: names, swapped: !prepare, seconds },
    `${names.join(', ')}: ${outcome} after ${seconds.toFixed(1)} s.`,
  );
}

/** Brings back the previous tables or, where none are kept, the version of this code. */
async function rollBack(on: Surroundings, name: ProjectionName): Promise<void> {
  using display = createProgressDisplay(process.stderr, on.output.json);
  const operations = await commandOperations(on, display.show);
  const status = (await operations.listProjections()).find((one) => one.name === name);
  if (status?.previous !== undefined) {
    await operations.rollBack(name);
    display[Symbol.dispose]();
    return on.output.result({ projection: name, rolledBack: true }, `${name}: the previous tables serve again.`);
  }
  if (!(await operations.makeCurrent(name))) {
    throw new CommandError(
      EXIT.nothingToDo,
      `${name} has nothing to go back to: no previous tables are kept, and its version is current.`,
    );
  }
  on.output.result({ projection: name, current: true }, `${name}: version ${status?.version} is current again.`);
}

async function abort(on: Surroundings, name: ProjectionName): Promise<void> {
  await (await commandOperations(on)).abortRebuild(name);
  on.output.result({ projection: name, aborted: true }, `${name}: the rebuild is given up, its tables are dropped.`);
}

async function dropOld(on: Surroundings, names: readonly ProjectionName[]): Promise<void> {
  const dropped = await (await commandOperations(on)).dropOldTables(names);
  on.output.result({ dropped }, dropped.length === 0 ? 'There is nothing old.' : `Dropped ${dropped.join(', ')}.`);
}

async function pauseOrResume(on: Surroundings, name: ProjectionName, paused: boolean): Promise<void> {
  const operations = await commandOperations(on);
  const changed = await (paused ? operations.pause(name) : operations.resume(name));
  const state = paused ? 'paused' : 'not paused';
  if (!changed) throw new CommandError(EXIT.nothingToDo, `${name} is ${state} already.`);
  on.output.result({ projection: name, paused }, `${name} is ${state}.`);
}
