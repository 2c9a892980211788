/** What commands of an operator share: who acts, and the record of what they did. */
import { OPERATOR_ID } from '../../domain/user/identity.ts';
import { messageOf } from '../../support/start-failure.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { Surroundings } from '../surroundings.ts';

/** Loaded on demand, because loading takes longer than most commands. */
export async function actorsOf(on: Surroundings) {
  const { startCommandActors } = await import('../actors.ts');
  return startCommandActors(on);
}

export function requireOwnUsers(on: Surroundings): void {
  if (on.config().JWKS_URL !== undefined) {
    throw new CommandError(EXIT.usage, 'JWKS_URL is set: the identity provider signs users in, register them there.');
  }
}

/**
 * Records a command that changed something other than a user, in the operator's own stream. `detail` is the command as
 * it was given. A command that cannot be recorded has been carried out all the same, and says so.
 */
export async function recordCommand(
  on: Surroundings,
  detail: string,
  activity: 'operator_command' | 'signing_key_rotated' | 'signing_key_withdrawn' = 'operator_command',
): Promise<void> {
  try {
    await using own = await actorsOf(on);
    await own.recordActivity(OPERATOR_ID, { activity, detail });
  } catch (error) {
    on.output.note(`the command is carried out, but the log could not record it (${messageOf(error)}).`);
  }
}
