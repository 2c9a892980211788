/**
 * Runs one command: gives it its surroundings, closes them afterwards, and turns what went wrong into one line on standard
 * error and an exit code. Errors that we do not know keep their stack: they are faults of ours.
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
import { createOutput, type Streams } from './output.ts';
import { createSurroundings, type Surroundings } from './surroundings.ts';

/** Wraps what a command does for commander, whose actions end with the options and the command itself. */
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
        // Its arguments, then its options: what the command declares is what the work takes.
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
    stderr.write(`deskwire: ${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.failed;
  }
  stderr.write(`deskwire: ${messageOf(error)}\n`);
  return known ?? EXIT.failed;
}
