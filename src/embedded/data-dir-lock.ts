/**
 * One server per DATA_DIR. Who wants the folder puts a claim into `DATA_DIR/lock`, then looks for claims of others:
 * of two who do so at once, at least one sees the other, so never do both go on. Who is alone marks the claim as held;
 * who meets a held one gives up; who meets a mere claim withdraws and tries again a little later.
 *
 * A claim is a file whose name says all, so it appears complete or not at all, and no name comes twice, so removing
 * the claim of a killed process never removes another's. It names the process by its pid and, where /proc tells, by
 * boot and starting time: a pid may belong to another process by now.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure, systemErrorCode } from '../support/start-failure.ts';

const patienceMs = 2_000;

/** Resolves with what releases the lock; rejects with a StartFailure that names who holds it. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const folder = join(dataDir, 'lock');
  await mkdir(folder, { recursive: true });
  const me = `${await identify(process.pid)}.${randomBytes(8).toString('hex')}`;
  const claim = join(folder, `${me}.claim`);
  const held = join(folder, `${me}.held`);
  const deadline = Date.now() + patienceMs;
  for (;;) {
    await writeFile(claim, '', { flag: 'wx' });
    const other = await otherClaim(folder, me);
    if (other === undefined) break;
    await rm(claim);
    if (other.endsWith('.held') || Date.now() > deadline) {
      const pid = Number.parseInt(other, 10);
      throw new StartFailure(
        `another Deskwire (process ${pid}) is running on ${dataDir}: stop it first, or set DATA_DIR to another folder.`,
      );
    }
    await sleep(Math.random() * 50);
  }
  await writeFile(held, '');
  return async () => {
    await rm(held);
    await rm(claim);
  };
}

/** The claim of another living process, a held one if there is; removes those of processes that are gone. */
async function otherClaim(folder: string, me: string): Promise<string | undefined> {
  const living: string[] = [];
  for (const name of await readdir(folder)) {
    if (name.startsWith(me)) continue;
    const [identity = ''] = name.split('.');
    const pid = Number.parseInt(identity, 10);
    if (isRunning(pid) && identity === (await identify(pid))) living.push(name);
    else await rm(join(folder, name), { force: true });
  }
  return living.find((name) => name.endsWith('.held')) ?? living[0];
}

/** `<pid>-<boot>-<clock ticks at which it started>`, or the pid alone where there is no /proc. */
async function identify(pid: number): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid}-${boot.slice(0, 8)}-${started}`;
  } catch {
    return String(pid);
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
