/**
 * Ends the server of a killed Deskwire process: one that is still shutting down, or that has ended and left a pid file
 * whose pid may belong to another process. The caller must hold the lock on DATA_DIR.
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from '../support/start-failure.ts';

const run = promisify(execFile);

/** Ends the process with the pid in `pidFile` if its command line contains `marker`, then removes the file. */
export async function endOrphan(pidFile: string, marker: string, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const pid = Number.parseInt(text, 10);
  if (pid > 1) {
    const deadline = Date.now() + 30_000;
    let sent: NodeJS.Signals | undefined;
    while ((await commandLine(pid)).includes(marker)) {
      const next = Date.now() < deadline ? signal : 'SIGKILL';
      if (sent !== next) sendSignal(pid, next);
      sent = next;
      await sleep(20);
    }
  }
  await rm(pidFile, { force: true });
}

/** Empty when the process does not exist. */
async function commandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    // Not Linux, or no such process.
    return run('ps', ['-o', 'command=', '-p', String(pid)]).then(
      ({ stdout }) => stdout,
      () => '',
    );
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
