/** A random secret of this installation, created once and readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { systemErrorCode } from '../support/start-failure.ts';

/** Returns the secret in `file`, creating it if it is missing: 32 random bytes as hex. Not for concurrent processes. */
export async function secretIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('hex');
  await writeFile(`${file}.new`, secret, { mode: 0o600 });
  await rename(`${file}.new`, file); // The file is complete or absent.
  return secret;
}
