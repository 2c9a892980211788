/**
 * A hash that identifies the domain's code. The events of a command depend on `src/domain` alone, which imports only
 * its own files. So two nodes may decide for each other if and only if these files are equal. No version number has to
 * be raised by hand.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../../support/paths.ts';

/** The version of the messages between nodes (`forwarding.ts`). Raise it when they change. */
const WIRE_FORMAT = 2;

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
