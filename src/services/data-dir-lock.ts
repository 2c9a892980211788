/**
 * One server per DATA_DIR. The lock is a file that names the process that holds it; one that a killed process left
 * behind does not count, also when its pid belongs to another process by now: where /proc tells, the lock also names
 * the boot and the moment at which the process started.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartFailure, systemErrorCode } from './failure.ts';

/** Resolves with what releases the lock. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, 'lock');
  const mine = await describe(process.pid);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, mine);
  try {
    // A link appears with its content, or fails because somebody else's is there.
    while (!(await linked(draft, file))) await removeStale(file, dataDir);
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(file: string, dataDir: string): Promise<void> {
  const holder = await readFile(file, 'utf8').catch(() => undefined);
  if (holder === undefined) return;
  const pid = Number.parseInt(holder, 10);
  if (isRunning(pid) && holder === (await describe(pid))) {
    throw new StartFailure(
      `another Deskwire (process ${pid}) is running on ${dataDir}: stop it first, or set DATA_DIR to another folder.`,
    );
  }
  // Somebody else may find it stale at the same time, and put their own in its place: take it aside, then look again.
  const aside = `${file}.stale.${process.pid}`;
  await rename(file, aside).catch(ignoreMissing);
  const taken = await readFile(aside, 'utf8').catch(() => holder);
  if (taken !== holder) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

/** `<pid> <boot> <ticks at which it started>`, or the pid alone where there is no /proc. */
async function describe(pid: number): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid} ${boot.trim()} ${started}\n`;
  } catch {
    return `${pid}\n`;
  }
}

function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

function ignoreMissing(error: unknown): void {
  if (systemErrorCode(error) !== 'ENOENT') throw error;
}
