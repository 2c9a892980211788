/** The log files of the processes that we start: bounded in size, and quoted when one of them fails. */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const rotateAtBytes = 10 * 1024 * 1024;

/** Opens for appending; a large one is first set aside as `<file>.1`. The caller closes the handle. */
export async function openLogFile(file: string) {
  await mkdir(dirname(file), { recursive: true });
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > rotateAtBytes) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

/** The last lines of a log file, for an error message; empty when there is none. */
export async function lastLines(file: string, count = 5): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
