/**
 * What a killed predecessor left behind: a server that is still shutting down, or the pid file of one that is gone and
 * whose pid may belong to somebody else by now. Call it only when nobody else can own the folder (the lock is held).
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from '../support/start-failure.ts';

const run = promisify(execFile);

/** Afterwards no process whose command line names `marker` runs under the pid in `pidFile`, and the file is gone. */
export async function endOrphan(pidFile: string, marker: string, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const pid = Number.parseInt(text, 10);
  if (pid > 1) {
    const patience = Date.now() + 30_000;
    let sent: NodeJS.Signals | undefined;
    while ((await commandLine(pid)).includes(marker)) {
      const next = Date.now() < patience ? signal : 'SIGKILL';
      if (sent !== next) sendSignal(pid, next);
      sent = next;
      await sleep(20);
    }
  }
  await rm(pidFile, { force: true });
}

/** Empty when there is no such process. */
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
