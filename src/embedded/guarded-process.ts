/**
 * A child process (PostgreSQL, nats-server) that cannot outlive Deskwire, not even when Deskwire is killed with
 * SIGKILL. A Ctrl-C in the terminal does not reach it, so that Deskwire can drain first.
 *
 * Each child runs in a POSIX session of its own, under a guard: a few lines of `sh`. The guard holds one end of a pipe
 * on descriptor 3, Deskwire holds the other. When Deskwire's end closes, by a call of `stop` or by the end of the
 * process, the guard sends the child its graceful stop signal. The guard lives as long as the child and exits with its
 * status.
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
  /** Process group of guard and child: a negative argument of `kill` reaches both. */
  readonly group: number;
  /** Resolves with a description of the end, such as `exit code 1`. */
  readonly exited: Promise<string>;
  readonly running: boolean;
  /** Stops gracefully, after `timeoutMs` with SIGKILL. Resolves when the child has exited. */
  stop(timeoutMs?: number): Promise<void>;
  /** Sends SIGKILL, to simulate a crash. Resolves when the child has exited. */
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
  // Before anything is awaited: a child may have ended by the time that its log file is closed.
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  try {
    await once(child, 'spawn');
  } finally {
    await log.close();
  }
  const group = child.pid;
  const pipe = child.stdio[3];
  if (group === undefined || !pipe) throw new Error(`${options.command} was started without a pid or a pipe`);
  pipe.on('error', () => {}); // The guard has ended; `exited` reports it.

  let running = true;
  const exited = ended.then((how) => {
    running = false;
    pipe.destroy();
    return how;
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
    async stop(timeoutMs = 20_000) {
      pipe.destroy();
      const timer = setTimeout(() => running && process.kill(-group, 'SIGKILL'), timeoutMs);
      await exited;
      clearTimeout(timer);
    },
    kill,
  };
}
