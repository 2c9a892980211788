/**
 * A lock: one server per DATA_DIR. A process writes a claim to `DATA_DIR/lock`, then reads the claims of others. Of two
 * concurrent processes, at least one sees the other's claim, so never do both continue. A process without rivals marks
 * its claim as held. A process that sees a held claim fails; one that sees an unheld claim withdraws and retries
 * shortly after.
 *
 * A claim is an empty file with all its data in its name, so it is complete or absent. Names are unique, so removing
 * the claim of a killed process never removes another's. The name has the pid and, where /proc exists, the boot and
 * start time of the process, because a pid may be reused.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure, systemErrorCode } from '../support/start-failure.ts';

const timeoutMs = 2_000;

/** Resolves with the function that releases the lock. Rejects with a StartFailure that names the holder. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const folder = join(dataDir, 'lock');
  await mkdir(folder, { recursive: true });
  const me = `${await identify(process.pid)}.${randomBytes(8).toString('hex')}`;
  const claim = join(folder, `${me}.claim`);
  const held = join(folder, `${me}.held`);
  const deadline = Date.now() + timeoutMs;
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

/** Returns the claim of another living process, preferably a held one; removes the claims of ended processes. */
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
    // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
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
