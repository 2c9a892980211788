/**
 * Starts a server under test in a process of its own, and measures its CPU time and memory. It prints
 * `is ready at <url>`.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface ServerUnderTest extends AsyncDisposable {
  readonly url: string;
  /** Milliseconds of CPU time that its threads have used; NaN where there is no /proc. */
  cpu(): Promise<number>;
  /** Bytes of memory that it holds; NaN where there is no /proc. */
  memory(): Promise<number>;
}

/** Rejects when the server ends before it is ready. It writes a CPU profile into the folder BENCH_PROFILE, if set. */
export async function startServer(program: string, env: Readonly<Record<string, string>>): Promise<ServerUnderTest> {
  const { BENCH_PROFILE: folder, PATH } = process.env;
  const flags = folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
  const child = spawn(process.execPath, [...flags, program], {
    env: { PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A benchmark that fails must not leave its servers running.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const found = / is ready at (\S+)/.exec(output);
      if (found?.[1]) resolve(found[1]);
    });
    void exited.then(() => reject(new Error(`${program} ended before it was ready`)));
  });
  return {
    url,
    cpu: () => cpuOf(child.pid),
    memory: () => memoryOf(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      process.off('exit', kill);
    },
  };
}

const TICK_MS = 10;

async function cpuOf(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name is in parentheses. Of all fields, the 14th and 15th are user and system time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function memoryOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
}
