/** The log and the read models, as operators see them. The server gives the names of its read models. */
import type { Static } from 'typebox';
import { closed, count, described, flag, listOf, maybe, oneOf, text, textOrNull, time } from './schema.ts';

const common = {
  version: described(count, 'Of the code that reads and writes it'),
  position: described(count, 'The last position of the log that it contains'),
  schema: text,
  bytes: described(count, 'Of tables and indexes'),
  parked: closed({ streams: count, events: count }),
  updatedAt: time,
};
const readModel = closed({
  ...common,
  lag: described(count, 'Events of the log that it lacks'),
  current: described(flag, 'Tells devices of what is new'),
  paused: flag,
  running: described(flag, 'Whether a process runs it'),
});
const build = { ...common, startedAt: time };

export const Retried = closed({ streams: count }, { description: 'How many streams are tried again' });

export function operationsContract<const Names extends readonly string[]>(names: Names) {
  const name = oneOf(names);
  const status = closed({
    name,
    version: count,
    head: described(count, 'The newest position of the log'),
    serving: maybe(readModel),
    next: maybe(described(closed({ ...build, running: flag }), 'A rebuild, going on or interrupted')),
    previous: maybe(described(closed(build), 'What served before the last rebuild')),
    others: described(listOf(readModel), 'Of other versions of the code'),
  });
  const parkedStream = closed(
    {
      projection: name,
      stream: text,
      version: described(count, 'Of the event that holds the stream up'),
      position: count,
      type: text,
      error: described(textOrNull, 'null while it is about to be tried again'),
      attempts: count,
      parkedAt: time,
      events: described(count, 'How many events of the stream wait, that one included'),
    },
    { title: 'ParkedStream' },
  );
  return {
    name,
    Operations: closed(
      {
        epoch: text,
        position: described(count, 'The newest of the log'),
        time: described(time, 'When this was so'),
        relay: maybe(
          described(closed({ position: count, lag: count }), 'How far JetStream has the log; absent while unknown'),
        ),
        projections: listOf(status),
      },
      { title: 'Operations', description: 'How the log, the relay and the read models stand' },
    ),
    Parked: closed(
      { items: listOf(parkedStream) },
      { description: 'The streams that are held up, those of each projection in the order of the log' },
    ),
    Ordered: closed({ projection: name }, { description: 'It is ordered; see `GET /api/v1/operations`' }),
  };
}

type OperationsContract = ReturnType<typeof operationsContract<readonly string[]>>;
/** `serving`, `next` and `previous` are the builds of a read model. */
export type OperationsView = Static<OperationsContract['Operations']>;
export type ParkedStreams = Static<OperationsContract['Parked']>;
