/** Log files of child processes: bounded in size, and quoted in the error when a process fails. */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const rotateAtBytes = 10 * 1024 * 1024;

/** Opens a log file for appending; a large one is first renamed to `<file>.1`. The caller closes the handle. */
export async function openLogFile(file: string) {
  await mkdir(dirname(file), { recursive: true });
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > rotateAtBytes) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

/** Returns the last lines of a log file, for an error message; empty when the file does not exist. */
export async function lastLines(file: string, count = 5): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
