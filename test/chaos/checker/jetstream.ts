/**
 * JetStream's sequence is the log's position. JetStream holds the newest events of the log, unchanged, up to its head.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Rule } from '../history.ts';

export const jetstreamEqualsLog: Rule = {
  name: 'JetStream equals the log',
  check({ jetstream, log }) {
    const first = jetstream[0]?.sequence ?? 1;
    const wrong = jetstream.flatMap(({ sequence, event }, index) => {
      if (sequence !== first + index) return [`sequence ${sequence} stands where ${first + index} must be`];
      if (event.position !== sequence) return [`position ${event.position} has the sequence ${sequence}`];
      const same = isDeepStrictEqual(event, log[sequence - 1]);
      return same ? [] : [`position ${sequence} is not the same in JetStream and in the log`];
    });
    const last = jetstream.at(-1)?.sequence ?? 0;
    return last === log.length ? wrong : [...wrong, `JetStream ends at ${last}, the log at ${log.length}`];
  },
};
