/** The entry of the `deskwire` command. */
import { CommanderError } from 'commander';
import { systemErrorCode } from '../support/start-failure.ts';
import { EXIT } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { createAction, type Process } from './run.ts';

const interrupted = new AbortController();
const serving = process.argv[2] === 'serve';
// The server handles signals itself.
if (!serving) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal ends the command at once.
      if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
      interrupted.abort(new Error('interrupted'));
    });
  }
}

// In `deskwire … | head`, the reader closes the pipe before the end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (systemErrorCode(error) !== 'EPIPE') throw error;
    process.exit();
  });
}

const surroundings: Process = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interrupted.signal,
  exitCode: (code) => {
    process.exitCode = code;
  },
};

try {
  await createProgram(createAction(surroundings), surroundings).parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Commander also throws for --help and --version, with exit code 0.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
