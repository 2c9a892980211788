/** The `deskwire` command as a process of its own, as an operator runs it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Finished {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly finished: Promise<Finished>;
  stdout(): string;
  stderr(): string;
  signal(signal: NodeJS.Signals): void;
  /** Closes the reading end of its output, as `head` does. */
  hangUp(): void;
}

const root = join(import.meta.dirname, '..', '..', '..');

const { PATH, NODE_COMPILE_CACHE } = process.env;

export function launch(args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Running {
  const child = spawn(process.execPath, [join(root, 'src', 'cli', 'deskwire.ts'), ...args], {
    cwd: root,
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.end(input);
  return {
    finished: new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code: signal ?? code, stdout, stderr }));
    }),
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (signal) => child.kill(signal),
    hangUp: () => child.stdout.destroy(),
  };
}

export type Commands = ReturnType<typeof commandsOn>;

/** Runs commands against one system. */
export function commandsOn(env: NodeJS.ProcessEnv) {
  const run = (...args: readonly string[]) => launch(args, env).finished;
  return {
    run,
    launch: (...args: readonly string[]) => launch(args, env),
    withInput: (input: string, ...args: readonly string[]) => launch(args, env, input).finished,
    /** Returns its `--json` result; the exit code must be the one given. */
    // biome-ignore lint/suspicious/noExplicitAny: tests look into it as a script would
    async json(args: readonly string[], code = 0): Promise<any> {
      const finished = await run(...args, '--json');
      if (finished.code !== code) {
        throw new Error(`deskwire ${args.join(' ')} ended with ${finished.code}: ${finished.stderr}${finished.stdout}`);
      }
      return JSON.parse(finished.stdout);
    },
  };
}
