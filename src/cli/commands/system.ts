/**
 * `deskwire serve`, `migrate`, `doctor` and `cluster-key`. Their modules load on demand, because loading takes longer
 * than most commands.
 */
import type { Command } from 'commander';
import { messageOf } from '../../support/start-failure.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { table } from '../output.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';
import { recordCommand } from './operator.ts';

export function systemCommands(program: Command, action: Action): void {
  program
    .command('serve')
    .description('run the server, as npm start does')
    .action(async () => {
      // From here on, the server handles signals and sets the exit code.
      await import('../../main.ts');
    });
  program
    .command('migrate')
    .description("bring the database to this version's schema; servers do it themselves when they start")
    .option('--pending', 'only list pending migrations; exit code 4 if there are any')
    .action(action((on, options: { pending?: boolean }) => migrateOrList(on, options.pending === true)));
  program
    .command('doctor')
    .description('check the system and advise on each fault; exit code 4 if there are errors')
    .action(action((on) => doctor(on)));
  program
    .command('cluster-key')
    .description('the key with which nodes authenticate their messages')
    .command('rotate')
    .description('make a new key; it signs after a minute, and the old one is accepted for ten minutes more')
    .option('--now', 'the old key is known to others: remove it at once')
    .action(action((on, options: { now?: boolean }) => rotate(on, options.now === true)));
}

async function rotate(on: Surroundings, now: boolean): Promise<void> {
  const { rotateClusterKey } = await import('../../eventlog/cluster-keys.ts');
  const id = await rotateClusterKey(await on.pool(), now ? 'now' : 'soon');
  await recordCommand(on, `cluster-key rotate${now ? ' --now' : ''}: ${id}`);
  on.output.result(
    { id, signs: now ? 'now' : 'in a minute' },
    now ? `Key ${id} signs now.` : `Key ${id} signs in a minute.`,
  );
}

async function migrateOrList(on: Surroundings, pendingOnly: boolean): Promise<void> {
  const { migrate, pendingMigrations } = await import('../../eventlog/migrate.ts');
  // Migrations need only the database; the broker may not exist yet.
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
