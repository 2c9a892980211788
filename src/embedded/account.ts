/**
 * The account that runs PostgreSQL, which refuses to run as root: when Deskwire is root, an unprivileged account of the
 * system. Permissions of that account are tested by running a command as it, because folders, mounts and ACLs all
 * matter.
 */
import { spawnSync } from 'node:child_process';
import { StartFailure } from '../support/start-failure.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const candidates = ['postgres', 'nobody'];

/** Undefined when Deskwire is not root; PostgreSQL then runs as the same user. Throws a StartFailure. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of candidates) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  throw new StartFailure(
    `PostgreSQL refuses to run as root, and there is no account ${candidates.join(' or ')} to run it as: ` +
      'run as another user, or set DATABASE_URL.',
  );
}

/** Returns whether a command exits with 0 when the account runs it. */
export function succeedsAs(account: Account | undefined, command: string, args: readonly string[]): boolean {
  const result = spawnSync(command, args, {
    cwd: '/',
    stdio: 'ignore',
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  return result.status === 0;
}

function idOf(option: '-u' | '-g', name: string): number | undefined {
  const result = spawnSync('id', [option, name], { encoding: 'utf8' });
  return result.status === 0 ? Number(result.stdout) : undefined;
}
