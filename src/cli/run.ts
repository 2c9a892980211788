/**
 * Runs one command: creates its surroundings, closes them afterwards, and turns an error into one line on standard
 * error and an exit code. An unknown error is printed with its stack, because it is a bug.
 */
import type { Command } from 'commander';
import { DatabaseError } from 'pg';
import { DeskwireError } from '../domain/errors.ts';
import { InUseError } from '../projections/admin/cleanup.ts';
import { NothingToDoError } from '../projections/admin/serving.ts';
import { MissingReadModelError } from '../projections/engine/checkpoints.ts';
import { AbortedError, BusyError, NoPreviousError } from '../projections/rebuild/rebuild.ts';
import { messageOf, StartFailure, systemErrorCode } from '../support/start-failure.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { createOutput, printable, type Streams } from './output.ts';
import { createSurroundings, type Surroundings } from './surroundings.ts';

/** Turns the work of a command into an action for commander, whose last arguments are the options and the command. */
export type Action = <Args extends readonly unknown[]>(
  work: (on: Surroundings, ...args: Args) => Promise<void>,
) => (...args: unknown[]) => Promise<void>;

export interface Process extends Streams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  exitCode(code: number): void;
}

export function createAction(process: Process): Action {
  return <Args extends readonly unknown[]>(work: (on: Surroundings, ...args: Args) => Promise<void>) =>
    async (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      const output = createOutput(process, command.optsWithGlobals().json === true);
      try {
        await using on = createSurroundings(process.env, output, process.signal);
        // The work takes the arguments that the command declares, then its options.
        await work(on, ...(args.slice(0, -1) as unknown as Args));
      } catch (error) {
        process.exitCode(explain(error, process));
      }
    };
}

const CODES = [
  [BusyError, EXIT.busy],
  [InUseError, EXIT.busy],
  [NothingToDoError, EXIT.nothingToDo],
  [NoPreviousError, EXIT.nothingToDo],
  [MissingReadModelError, EXIT.nothingToDo],
  [AbortedError, EXIT.failed],
  [StartFailure, EXIT.failed],
  [DatabaseError, EXIT.failed],
  [DeskwireError, EXIT.failed],
] as const;

function explain(error: unknown, { stderr, signal }: Process): number {
  if (signal.aborted) {
    stderr.write('deskwire: interrupted.\n');
    return EXIT.interrupted;
  }
  const known = error instanceof CommandError ? error.exitCode : CODES.find(([type]) => error instanceof type)?.[1];
  if (known === undefined && systemErrorCode(error) === undefined) {
    stderr.write(printable(`deskwire: ${error instanceof Error ? error.stack : String(error)}\n`));
    return EXIT.failed;
  }
  stderr.write(printable(`deskwire: ${messageOf(error)}\n`));
  return known ?? EXIT.failed;
}
