/** `deskwire serve`, `migrate` and `doctor`. What they need is loaded only for them: it takes longer than most commands. */
import type { Command } from 'commander';
import { messageOf } from '../../support/start-failure.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { table } from '../output.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';

export function systemCommands(program: Command, action: Action): void {
  program
    .command('serve')
    .description('run the server, as npm start does')
    .action(async () => {
      // It owns the process from here on: signals, and the exit code.
      await import('../../main.ts');
    });
  program
    .command('migrate')
    .description("bring the database to this version's schema; servers do it themselves when they start")
    .option('--pending', 'only say what is pending: exit code 4 when something is')
    .action(action((on, options: { pending?: boolean }) => migrateOrTell(on, options.pending === true)));
  program
    .command('doctor')
    .description('look for what is wrong, and say what to do about it: exit code 4 when something is')
    .action(action((on) => doctor(on)));
}

async function migrateOrTell(on: Surroundings, pendingOnly: boolean): Promise<void> {
  const { migrate, pendingMigrations } = await import('../../eventlog/migrate.ts');
  // Nothing but the database is needed, nor need the broker be there yet.
  const databaseUrl = on.config().DATABASE_URL ?? (await on.services()).databaseUrl;
  if (pendingOnly) {
    const pending = await reached(pendingMigrations(databaseUrl));
    on.output.result({ pending }, pending.length === 0 ? 'Nothing is pending.' : pending.join('\n'));
    if (pending.length > 0) throw new CommandError(EXIT.findings, `${pending.length} migrations are pending.`);
    return;
  }
  const done = await reached(migrate(databaseUrl));
  on.output.result({ migrated: done }, done.length === 0 ? 'Nothing was pending.' : `Migrated: ${done.join(', ')}.`);
}

async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new CommandError(EXIT.failed, `the database cannot be migrated: ${messageOf(cause)}`, { cause });
  }
}

async function doctor(on: Surroundings): Promise<void> {
  const { diagnose } = await import('../doctor/doctor.ts');
  const findings = await diagnose(on);
  const marks = { ok: 'ok', warning: 'warning', error: 'ERROR' } as const;
  const rows = findings.flatMap(({ about, grade, finding, advice }) => [
    [marks[grade], about, finding],
    ...(advice === undefined ? [] : [['', '', `→ ${advice}`]]),
  ]);
  on.output.result(findings, table(['', '', ''], rows).trimStart());
  const errors = findings.filter(({ grade }) => grade === 'error').length;
  if (errors > 0) throw new CommandError(EXIT.findings, `${errors} ${errors === 1 ? 'error' : 'errors'}.`);
}
