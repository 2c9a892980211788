/** A new epoch voids every cursor. The epoch changes when history was replaced, and at no other time. */
import type { Rule } from '../history.ts';

export const epochsChangeWithHistory: Rule = {
  name: 'the epoch changes when history was replaced, and only then',
  check({ epochs, restores }) {
    const changes = epochs.length - 1;
    if (changes === restores.length) return [];
    return [`history was replaced ${restores.length} times, and the epoch changed ${changes} times`];
  },
};
