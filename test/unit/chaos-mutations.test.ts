import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MUTATIONS } from '../chaos/mutations.ts';

const root = join(import.meta.dirname, '../..');

it.each(MUTATIONS.map(({ name, edits }) => [name, edits] as const))('finds the code to break: %s', (_name, edits) => {
  for (const { file, find } of edits) {
    expect(readFileSync(join(root, file), 'utf8').split(find), `${file}: ${find}`).toHaveLength(2);
  }
});
