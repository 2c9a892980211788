/** A mutation names the text that it changes. Tests that each text is in the source exactly once. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MUTATIONS } from './mutations.ts';
import { PROJECT } from './services.ts';

const edits = MUTATIONS.flatMap(({ name, edits: ofMutation }) => ofMutation.map((edit) => ({ ...edit, name })));

it.each(edits)('the mutation "$name" finds its text in $file', async ({ file, find }) => {
  const text = await readFile(join(PROJECT, file), 'utf8');
  expect(text.split(find)).toHaveLength(2);
});
