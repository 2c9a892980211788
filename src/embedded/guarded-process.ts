/**
 * A process of ours (PostgreSQL, nats-server) that cannot outlive us, not even when we are killed with -9, and that a
 * Ctrl-C in our terminal does not reach before we have drained.
 *
 * Each runs in a session of its own under a few lines of `sh`, the guard. The guard holds one end of a pipe on
 * descriptor 3; we hold the other. When ours closes, because we ask it to stop or because we are gone, the guard sends
 * the process its graceful stop signal. The guard lives as long as the process and exits with its status.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Account } from './account.ts';
import { openLogFile } from './log-file.ts';

const guard = `
signal=$1
shift
trap : HUP INT TERM
"$@" 3<&- &
process=$!
{ read -r _ <&3; kill -s "$signal" "$process"; } 2>/dev/null &
watcher=$!
while :; do
  wait "$process"
  status=$?
  kill -0 "$process" 2>/dev/null || break
done
kill "$watcher" 2>/dev/null
exit "$status"
`;

export interface GuardedProcess {
  /** Group of the guard and the process: a negative argument of `kill` reaches both. */
  readonly group: number;
  /** Resolves with words for how it ended (`exit code 1`). */
  readonly exited: Promise<string>;
  readonly running: boolean;
  /** Graceful; after `patienceMs` with SIGKILL. Resolves when it has exited. */
  stop(patienceMs?: number): Promise<void>;
  /** SIGKILL, to see what a crash does. Resolves when it has exited. */
  kill(): Promise<void>;
}

export async function startGuarded(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly stopSignal: 'INT' | 'TERM';
  readonly logFile: string;
  readonly account?: Account | undefined;
}): Promise<GuardedProcess> {
  const { account } = options;
  const log = await openLogFile(options.logFile);
  const child = spawn('/bin/sh', ['-c', guard, 'guard', options.stopSignal, options.command, ...options.args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  try {
    await once(child, 'spawn');
  } finally {
    await log.close();
  }
  const group = child.pid;
  const pipe = child.stdio[3];
  if (group === undefined || !pipe) throw new Error(`${options.command} was started without a pid or a pipe`);
  pipe.on('error', () => {}); // The guard is gone; `exited` says so.

  let running = true;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      pipe.destroy();
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  const kill = async () => {
    if (running) process.kill(-group, 'SIGKILL');
    await exited;
  };
  return {
    group,
    exited,
    get running() {
      return running;
    },
    async stop(patienceMs = 20_000) {
      pipe.destroy();
      const timer = setTimeout(() => running && process.kill(-group, 'SIGKILL'), patienceMs);
      await exited;
      clearTimeout(timer);
    },
    kill,
  };
}
