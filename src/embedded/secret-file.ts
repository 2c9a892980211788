/** A secret of this installation: random, made once, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { systemErrorCode } from '../support/start-failure.ts';

/** 32 random bytes in hexadecimal; the same for the same file for ever. One process at a time may ask. */
export async function secretIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('hex');
  await writeFile(`${file}.new`, secret, { mode: 0o600 });
  await rename(`${file}.new`, file); // Appears complete or not at all.
  return secret;
}
