/** The server as a process, started the way `npm start` does, with its output and its exit code. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  /** The URL that the server prints. Rejects when the server ends before. */
  readonly ready: Promise<string>;
  /** Resolves with the exit code, or with the name of the signal that ended the process. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  output(): string;
  errors(): string;
  signal(signal: NodeJS.Signals): void;
}

const projectRoot = join(import.meta.dirname, '..', '..');

const { PATH, NODE_COMPILE_CACHE } = process.env;

export function launchServer(env: NodeJS.ProcessEnv, root = projectRoot): ServerProcess {
  const child = spawn(process.execPath, [join(root, 'src', 'main.ts')], {
    cwd: root,
    env: { PATH, NODE_COMPILE_CACHE, PORT: '0', DRAIN_DELAY: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  let running = true;
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      running = false;
      resolve(signal ?? code);
    });
  });
  const ready = until(() => /Deskwire is ready at (\S+)/.exec(output)?.[1] ?? !running, 'the server to be ready', {
    timeoutMs: 60_000,
  }).then((url) => {
    if (typeof url === 'string') return url;
    throw new Error(`the server ended before it was ready: ${errors}`);
  });
  ready.catch(() => {}); // Not every test waits for it.
  return {
    pid: child.pid ?? 0,
    ready,
    exited,
    output: () => output,
    errors: () => errors,
    signal: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Command lines that name a folder: those of the services that a server on it started, and of their guards. */
export async function processesNaming(folder: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').filter((line) => line.includes(folder));
}
