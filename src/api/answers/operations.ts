/** What is answered about the log and the read models. */
import { projectionNames } from '../../projections/catalog.ts';
import { answer, count, described, flag, listOf, named, object, oneOf, text, textOrNull, time } from './shape.ts';

const name = oneOf(projectionNames());
const parkedCounts = object({ streams: count, events: count });
const common = {
  version: described(count, 'Of the code that reads and writes it'),
  position: described(count, 'The last position of the log that it contains'),
  schema: text,
  bytes: described(count, 'Of tables and indexes'),
  parked: parkedCounts,
  updatedAt: time,
};
const readModel = object({
  ...common,
  lag: described(count, 'Events of the log that it lacks'),
  current: described(flag, 'Tells devices of what is new'),
  paused: flag,
  running: described(flag, 'Whether a process runs it'),
});
const build = { ...common, startedAt: time };

export const OperationsAnswer = answer<unknown>(
  named(
    'Operations',
    object(
      {
        epoch: text,
        position: described(count, 'The newest of the log'),
        time: described(time, 'When this was so'),
        relay: described(
          object({ position: count, lag: count }),
          'How far JetStream has the log; absent while unknown',
        ),
        projections: listOf(
          object(
            {
              name,
              version: count,
              head: described(count, 'The newest position of the log'),
              serving: readModel,
              next: described(object({ ...build, running: flag }), 'A rebuild, going on or interrupted'),
              previous: described(object(build), 'What served before the last rebuild'),
              others: described(listOf(readModel), 'Of other versions of the code'),
            },
            ['serving', 'next', 'previous'],
          ),
        ),
      },
      ['relay'],
    ),
  ),
  'How the log, the relay and the read models stand',
);

export const ParkedAnswer = answer<unknown>(
  object({
    items: listOf(
      named(
        'ParkedStream',
        object({
          projection: name,
          stream: text,
          version: described(count, 'Of the event that holds the stream up'),
          position: count,
          type: text,
          error: described(textOrNull, 'null while it is about to be tried again'),
          attempts: count,
          parkedAt: time,
          events: described(count, 'How many events of the stream wait, that one included'),
        }),
      ),
    ),
  }),
  'The streams that are held up, those of each projection in the order of the log',
);

export const RetriedAnswer = answer<unknown>(object({ streams: count }), 'How many streams are tried again');
export const OrderedAnswer = answer<unknown>(
  object({ projection: name }),
  'It is ordered; see `GET /api/v1/operations`',
);
