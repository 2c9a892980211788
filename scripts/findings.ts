/** What the checks of texts share: the files that they read, and how they say what they found. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

/** Paths of the repository, with the text of each. */
export type Files = ReadonlyMap<string, string>;

/** Returns what git tracks, and what it would track if it were added. */
export function trackedFiles(): Files {
  const root = join(import.meta.dirname, '..');
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const paths = new Set(listed.toString().split('\0'));
  // What was removed and is not committed yet is still listed.
  const present = [...paths].filter((path) => path !== '' && existsSync(join(root, path)));
  return new Map(present.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Prints a line for each finding, and how many there are; the process then fails if there is one. */
export function report(check: string, findings: readonly Finding[]): void {
  for (const { file, line, problem } of findings) process.stderr.write(`${file}:${line}: ${problem}\n`);
  process.stdout.write(`${check}: ${findings.length} problems\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
