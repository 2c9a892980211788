/** `deskwire signing-keys …`: the keys that sign access tokens. */
import type { Command } from 'commander';
import { listSigningKeys, rotateSigningKey, withdrawSigningKey } from '../../auth/keys.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { table } from '../output.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';
import { recordCommand, requireOwnUsers } from './operator.ts';

export function signingKeyCommands(program: Command, action: Action): void {
  const keys = program.command('signing-keys').description('the keys that sign access tokens');
  keys
    .command('list')
    .description('the key that signs, and those whose tokens are still valid')
    .action(action((on) => list(on)));
  keys
    .command('rotate')
    .description('make a new key sign; tokens of the old one stay valid until they expire')
    .action(action((on) => rotate(on)));
  keys
    .command('withdraw')
    .description('a key is known to others: end its tokens, and the sessions that got tokens from it, within seconds')
    .argument('<key>', 'id, as list shows it')
    .action(action((on, kid: string) => withdraw(on, kid)));
}

async function list(on: Surroundings): Promise<void> {
  requireOwnUsers(on);
  const keys = await listSigningKeys(await on.pool());
  const rows = keys.map(({ kid, state, createdAt, retiredAt }) => [kid, state, createdAt, retiredAt ?? '-']);
  on.output.result(keys, table(['KEY', 'STATE', 'CREATED', 'RETIRED'], rows));
}

async function rotate(on: Surroundings): Promise<void> {
  requireOwnUsers(on);
  const kid = await rotateSigningKey(await on.pool());
  await recordCommand(on, `signing-keys rotate: ${kid}`, 'signing_key_rotated');
  on.output.result({ kid }, `Key ${kid} signs; tokens of the earlier key are valid until they expire.`);
}

async function withdraw(on: Surroundings, kid: string): Promise<void> {
  requireOwnUsers(on);
  const withdrawn = await withdrawSigningKey(await on.pool(), kid);
  if (withdrawn === undefined) throw new CommandError(EXIT.nothingToDo, `there is no key ${kid}.`);
  await recordCommand(on, `signing-keys withdraw: ${kid}`, 'signing_key_withdrawn');
  const { sessions } = withdrawn;
  on.output.result({ kid, sessions }, `Key ${kid} is withdrawn; ${sessions} sessions end.`);
}
