/** `deskwire events …`: reads the log, and verifies that it is complete. */
import type { Command } from 'commander';
import { parseStream, type RecordedEvent, type Stream } from '../../domain/event.ts';
import { createEventReader } from '../../eventlog/reader.ts';
import { verifyLog } from '../../eventlog/verify.ts';
import { sleep } from '../../support/sleep.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { count } from '../output.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';

const PAGE = 1_000;
/** Milliseconds between two reads of new events. */
const TAIL_EVERY = 250;

export function eventCommands(program: Command, action: Action): void {
  const events = program.command('events').description('the event log');
  events
    .command('show')
    .description('the events of a stream, with their data')
    .argument('<stream>', 'such as ticket.<id>, user.<id>, room.<name>, reference.<type>-<id>')
    .option('--after <version>', 'only later versions', Number, 0)
    .option('--limit <count>', 'at most this many', Number, PAGE)
    .action(action((on, stream: string, range: { after: number; limit: number }) => show(on, stream, range)));
  events
    .command('tail')
    .description('the newest events, then new ones as they come, until Ctrl-C; one per line')
    .option('--lines <count>', 'how many of the newest first', Number, 10)
    .option('--data', 'with the data of the events, including message bodies')
    .action(action((on, options: { lines: number; data?: boolean }) => tail(on, options.lines, options.data === true)));
  events
    .command('verify')
    .description(
      'verify that positions and versions have no gaps, and that JetStream contains the same events as the log',
    )
    .action(action((on) => verify(on)));
}

async function show(on: Surroundings, stream: string, range: { after: number; limit: number }): Promise<void> {
  const limit = Math.min(range.limit, 100_000);
  const events = await createEventReader(await on.pool()).readStream({
    stream: known(stream),
    after: range.after,
    limit,
  });
  if (events.length === 0) throw new CommandError(EXIT.nothingToDo, `there are no events of ${stream}.`);
  on.output.result(events, events.map((event) => lineOf(event, true)).join('\n'));
  if (events.length === limit) on.output.note(`There may be more: --after ${events.at(-1)?.version}.`);
}

function known(stream: string): Stream {
  try {
    parseStream(stream);
    return stream as Stream;
  } catch (cause) {
    throw new CommandError(
      EXIT.usage,
      `${stream} is no stream: ticket.<id>, user.<id>, room.<name> or reference.<type>-<id>.`,
      {
        cause,
      },
    );
  }
}

function lineOf(event: RecordedEvent, data: boolean): string {
  const { position, stream, version, type, time, metadata } = event;
  const facts = `${position}  ${time}  ${stream}@${version}  ${type}  by ${metadata.actor.id} (${metadata.actor.role})`;
  return data ? `${facts}  ${JSON.stringify(event.data)}` : facts;
}

async function tail(on: Surroundings, lines: number, data: boolean): Promise<void> {
  const reader = createEventReader(await on.pool());
  let position = Math.max(0, (await reader.head()).position - lines);
  while (!on.signal.aborted) {
    const events = await reader.readLog(position, PAGE);
    for (const event of events) {
      on.output.line(data ? event : { ...event, data: undefined }, lineOf(event, data));
    }
    position = events.at(-1)?.position ?? position;
    if (events.length < PAGE) await sleep(TAIL_EVERY, on.signal);
  }
}

async function verify(on: Surroundings): Promise<void> {
  const pool = await on.pool();
  const log = await verifyLog(pool);
  on.output.note(`The log: ${count(log.events)} events of ${count(log.streams)} streams.`);
  const { compareWithLog } = await import('../../broker/comparison.ts');
  const { connection } = await on.broker();
  const stream = await compareWithLog({ connection, reader: createEventReader(pool), signal: on.signal });
  const findings = [...log.findings, ...stream.findings];
  const range = stream.compared === 0 ? 'nothing' : `${count(stream.first)} to ${count(stream.last)}`;
  const verdict =
    findings.length === 0 ? 'Positions and versions have no gaps, and JetStream holds what the log does.' : '';
  on.output.result(
    { events: log.events, streams: log.streams, jetStream: stream, findings },
    [`JetStream: compared ${count(stream.compared)} events (${range}).`, ...findings, verdict]
      .filter(Boolean)
      .join('\n'),
  );
  if (findings.length > 0) throw new CommandError(EXIT.findings, `${findings.length} findings.`);
}
