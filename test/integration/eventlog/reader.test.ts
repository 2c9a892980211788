import { expect, it } from 'vitest';
import { createAppender } from '../../../src/eventlog/appender.ts';
import { messageEvent } from '../../support/events.ts';
import { createTestLog, limits, newStream, range } from './log.ts';

it('reads many ranges in one statement, in the order asked', async () => {
  await using log = await createTestLog();
  const { pool, reader } = log;
  const appender = createAppender(pool, limits);
  const [a, b] = [newStream(), newStream()];
  for (const stream of [a, b]) {
    await appender.append({ stream, expectedVersion: 0, events: range(1, 5).map((n) => messageEvent(`${n}`)) });
  }
  const ranges = await reader.readStreams([
    { stream: b, after: 3, limit: 10 },
    { stream: newStream(), after: 0, limit: 10 },
    { stream: a, after: 0, limit: 2 },
    { stream: b, after: 0, limit: 1 },
  ]);
  expect(ranges.map((events) => events.map((event) => event.version))).toEqual([[4, 5], [], [1, 2], [1]]);
});
