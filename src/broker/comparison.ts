/**
 * Compares JetStream's stream with the log, event by event. Sequence and position are equal, so both must hold the
 * same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { RecordedEvent } from '../domain/event.ts';
import type { EventReader } from '../eventlog/event-log.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { followLog } from './follow-log.ts';
import { inspectBroker } from './inspection.ts';

export interface Comparison {
  readonly compared: number;
  /** The positions compared: JetStream keeps the newest only. */
  readonly first: number;
  readonly last: number;
  readonly findings: readonly string[];
}

interface ComparisonDeps {
  readonly connection: BrokerConnection;
  readonly reader: Pick<EventReader, 'readLog' | 'head'>;
  readonly signal: AbortSignal;
}

/** The comparison ends when it has more findings than this. */
const MAX_FINDINGS = 20;
/** Events compared at a time. */
const PORTION = 10_000;
/** Milliseconds without an event after which JetStream counts as having no more. */
const SILENCE = 5_000;
/** Milliseconds within which the relay must publish the newest events. */
const RELAY_TIMEOUT = 5_000;

export async function compareWithLog({ connection, reader, signal }: ComparisonDeps): Promise<Comparison> {
  const head = await reader.head();
  const findings: string[] = [];
  const stream = await relayedStream(connection, head.position);
  if (stream === undefined) {
    return { compared: 0, first: 0, last: 0, findings: ['JetStream has no stream of events: does a relay run?'] };
  }
  const { firstPosition: first, lastPosition: last } = stream;
  if (!stream.holds(head.epoch)) findings.push('JetStream holds the events of another epoch');
  if (last < head.position) findings.push(`JetStream ends at ${last}, the log at ${head.position}`);
  let position = first - 1;
  let compared = 0;

  const compare = async (events: readonly RecordedEvent[]) => {
    const recorded = await reader.readLog(position, events.length);
    for (const [index, event] of events.entries()) {
      const same = isDeepStrictEqual(event, recorded[index]);
      if (!same) findings.push(`position ${event.position} is not the same in JetStream and in the log`);
      compared += 1;
    }
    position = events.at(-1)?.position ?? position;
  };

  for await (const events of eventsBetween(connection, first - 1, last, signal)) {
    const gap = events[0]?.position !== position + 1;
    if (gap) findings.push(`JetStream has a gap after position ${position}`);
    if (gap || findings.length > MAX_FINDINGS) break;
    await compare(events);
  }
  if (compared > 0 && position < last && findings.length === 0) {
    findings.push(`JetStream delivered nothing after position ${position}, though its last sequence is ${last}`);
  }
  return { compared, first, last, findings };
}

/** The stream's facts once the relay has caught up with `head`, or once its time is over. */
async function relayedStream(connection: BrokerConnection, head: number) {
  const deadline = Date.now() + RELAY_TIMEOUT;
  for (;;) {
    const { stream } = await inspectBroker(connection);
    if ((stream?.lastPosition ?? 0) >= head || Date.now() > deadline) return stream;
    await sleep(100);
  }
}

/** Yields portions up to `last`, or until no event arrives any more. A portion at a time keeps memory small. */
async function* eventsBetween(
  connection: BrokerConnection,
  after: number,
  last: number,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  let position = after;
  while (position < last && !signal.aborted) {
    const portion = (await nextPortion(connection, position, last)).filter((event) => event.position <= last);
    const end = portion.at(-1);
    if (end === undefined) return;
    yield portion;
    position = end.position;
  }
}

function nextPortion(connection: BrokerConnection, after: number, last: number): Promise<RecordedEvent[]> {
  return new Promise((resolve) => {
    const portion: RecordedEvent[] = [];
    const end = () => {
      clearTimeout(timer);
      follower.close();
      resolve(portion);
    };
    const timer = setTimeout(end, SILENCE);
    const follower = followLog(connection, after, (events) => {
      portion.push(...events);
      timer.refresh();
      if (portion.length >= PORTION || (portion.at(-1)?.position ?? 0) >= last) end();
    });
  });
}
