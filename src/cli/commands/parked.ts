/** `deskwire projections parked …`: shows, retries and skips events that a projection could not handle. */
import type { Command } from 'commander';
import type { Operations } from '../../application/operations.ts';
import type { ProjectionName } from '../../projections/catalog.ts';
import { sleep } from '../../support/sleep.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { commandOperations } from '../operations.ts';
import { ago, count, table } from '../output.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';
import { nameArgument } from './projections.ts';

/** Milliseconds to wait for the outcome of a retry or skip. */
const OUTCOME_TIMEOUT = 15_000;
/** Milliseconds. */
const POLL_EVERY = 100;

export function parkedCommands(projections: Command, action: Action): void {
  const parked = projections.command('parked').description('events that a projection could not handle');
  parked
    .command('list')
    .description('the streams with parked events, each with its first parked event')
    .action(action((on) => list(on)));
  parked
    .command('show')
    .description('the first parked event of a stream, with its error and its data')
    .addArgument(nameArgument())
    .argument('<stream>', 'such as ticket.<id>')
    .action(action((on, name: ProjectionName, stream: string) => show(on, name, stream)));
  parked
    .command('retry')
    .description('try a stream again, or all of them: parked events are replayed in order')
    .addArgument(nameArgument())
    .argument('[stream]', 'such as ticket.<id>; all when left out')
    .action(action((on, name: ProjectionName, stream?: string) => retry(on, name, stream)));
  parked
    .command('skip')
    .description('skip the first parked event of a stream for good, and continue with those behind it')
    .addArgument(nameArgument())
    .argument('<stream>', 'such as ticket.<id>')
    .argument('<position>', "the event's position, so that no other is skipped by mistake", Number)
    .action(action((on, name: ProjectionName, stream: string, position: number) => skip(on, name, stream, position)));
}

async function list(on: Surroundings): Promise<void> {
  const all = await (await commandOperations(on)).listParked();
  const now = Date.now();
  const rows = all.map(({ projection, stream, position, type, events, attempts, parkedAt, error }) => [
    projection,
    stream,
    count(position),
    type,
    count(events),
    count(attempts),
    ago(parkedAt, now),
    error?.split('\n')[0] ?? 'about to be tried again',
  ]);
  const headings = ['PROJECTION', 'STREAM', 'POSITION', 'EVENT', 'HELD UP', 'TRIES', 'PARKED', 'ERROR'];
  on.output.result(all, all.length === 0 ? 'Nothing is parked.' : table(headings, rows));
}

async function show(on: Surroundings, name: ProjectionName, stream: string): Promise<void> {
  const { event, ...parked } = await (await commandOperations(on)).getParked(name, stream);
  const behind = parked.events - 1;
  on.output.result(
    { ...parked, event },
    [
      `${parked.type} at position ${parked.position}, version ${parked.version} of ${stream}`,
      `error: ${parked.error ?? 'none; it is about to be tried again'}`,
      `tried ${parked.attempts} times, parked ${parked.parkedAt}, ${behind} later events of the stream wait behind it`,
      JSON.stringify(event, null, 2),
    ].join('\n'),
  );
}

async function retry(on: Surroundings, name: ProjectionName, stream: string | undefined): Promise<void> {
  const operations = await commandOperations(on);
  if ((await operations.retryParked(name, stream)) === 0) {
    const which = stream === undefined ? '' : ` of ${stream}`;
    throw new CommandError(EXIT.nothingToDo, `${name} has no parked events${which}.`);
  }
  await reportOutcome(on, operations, name, stream);
}

async function skip(on: Surroundings, name: ProjectionName, stream: string, position: number): Promise<void> {
  if (!Number.isSafeInteger(position)) {
    throw new CommandError(EXIT.usage, 'the position is a number: see `parked list`.');
  }
  const operations = await commandOperations(on);
  const { type } = await operations.skipParked(name, stream, position);
  on.output.note(`${name}: ${type} at position ${position} of ${stream} is left out for good.`);
  await reportOutcome(on, operations, name, stream);
}

/** Waits until the runner has tried the streams again, and prints which of them are still parked. */
async function reportOutcome(
  on: Surroundings,
  operations: Operations,
  name: ProjectionName,
  stream: string | undefined,
): Promise<void> {
  const deadline = Date.now() + OUTCOME_TIMEOUT;
  let left = await operations.listParked(name, stream);
  while (left.some(({ error }) => error === null) && Date.now() < deadline && !on.signal.aborted) {
    await sleep(POLL_EVERY, on.signal);
    left = await operations.listParked(name, stream);
  }
  if (left.length === 0) return on.output.result({ projection: name, parked: [] }, `${name}: everything is handled.`);
  const waiting = left.filter(({ error }) => error === null).length;
  const failed = left.length - waiting;
  const text = [
    ...(failed > 0 ? [`${name}: ${failed} streams cannot be handled yet: see \`projections parked list\`.`] : []),
    ...(waiting > 0
      ? [`${name}: ${waiting} streams wait for the projection to run (is it paused, or no server up?).`]
      : []),
  ];
  on.output.result({ projection: name, parked: left }, text.join('\n'));
  throw new CommandError(EXIT.failed, `${left.length} streams are still parked.`);
}
