/** Declares the `deskwire` command with its subcommands and options. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { paths } from '../support/paths.ts';
import { eventCommands } from './commands/events.ts';
import { parkedCommands } from './commands/parked.ts';
import { projectionCommands } from './commands/projections.ts';
import { signingKeyCommands } from './commands/signing-keys.ts';
import { systemCommands } from './commands/system.ts';
import { textCommands } from './commands/texts.ts';
import { userCommands } from './commands/users.ts';
import type { Action, Process } from './run.ts';

const SURROUNDINGS = `
It works on the system that DATABASE_URL and NATS_URL name or, without them, on the one that npm start runs on DATA_DIR
(.deskwire). The result is on standard output, everything else on standard error.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 nothing to do or not found, 4 findings (doctor, verify), 5 another
process is at it, 130 interrupted.`;

export function createProgram(action: Action, { stdout, stderr }: Process): Command {
  const program = new Command('deskwire')
    .description('Operate a Deskwire.')
    .version(versionOf(paths.packageFile))
    .option('--json', 'the result as JSON, for programs')
    .addHelpText('after', SURROUNDINGS)
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .exitOverride();
  systemCommands(program, action);
  parkedCommands(projectionCommands(program, action), action);
  eventCommands(program, action);
  userCommands(program, action);
  signingKeyCommands(program, action);
  textCommands(program, action);
  return program;
}

function versionOf(packageFile: string): string {
  const { version }: { version: string } = JSON.parse(readFileSync(packageFile, 'utf8'));
  return version;
}
