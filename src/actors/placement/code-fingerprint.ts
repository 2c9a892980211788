/**
 * Tells versions of the domain's code apart. What a command comes to follows from `src/domain` alone, which imports
 * nothing but itself; so two nodes may decide for each other exactly when these files are the same. Nobody has to
 * remember to raise a number.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../../support/paths.ts';

/** Of what nodes say to each other (`forwarding.ts`). Raise it when that changes. */
const WIRE_FORMAT = 1;

export async function codeFingerprint(folder: string = paths.domain): Promise<string> {
  const hash = createHash('sha256').update(`${WIRE_FORMAT}\n`);
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file))));
  for (const [index, file] of files.entries()) {
    const text = texts[index] ?? Buffer.alloc(0);
    hash.update(`${file} ${text.length}\n`).update(text);
  }
  return hash.digest('base64url').slice(0, 16);
}
