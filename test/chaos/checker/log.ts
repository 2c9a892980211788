/**
 * The log itself: its positions are 1, 2, 3, … up to its head, and so are the versions of each stream, in log order.
 */
import type { Rule } from '../history.ts';

export const positionsGapless: Rule = {
  name: 'positions are gapless',
  check({ log, head }) {
    const wrong = log.flatMap(({ position }, index) =>
      position === index + 1 ? [] : [`position ${position} stands at place ${index + 1} of the log`],
    );
    const last = log.at(-1)?.position ?? 0;
    return last === head ? wrong : [...wrong, `the head says ${head}, the last position is ${last}`];
  },
};

export const versionsGapless: Rule = {
  name: 'versions are gapless in each stream',
  check({ log }) {
    const versions = new Map<string, number>();
    return log.flatMap(({ stream, version, position }) => {
      const expected = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, version);
      return version === expected
        ? []
        : [`${stream} has version ${version} at position ${position}, where ${expected} follows`];
    });
  },
};
