/**
 * Chooses the folder for the data of the embedded PostgreSQL: `DATA_DIR/postgres`. When Deskwire is root and
 * PostgreSQL's account cannot enter that folder, the data is under /var/lib/deskwire, and `DATA_DIR/postgres` is a link
 * to it.
 */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readlink, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import { type Account, succeedsAs, unprivilegedAccount } from './account.ts';

const commonPlace = '/var/lib/deskwire';

export interface PostgresDirectory {
  /** Absolute path, not a link; may not exist yet. */
  readonly directory: string;
  /** Undefined when PostgreSQL runs as the same user as Deskwire. */
  readonly account: Account | undefined;
}

export async function postgresDirectory(dataDir: string): Promise<PostgresDirectory> {
  const place = join(dataDir, 'postgres');
  const directory = await readlink(place).catch(() => place);
  const existing = await stat(directory).catch(() => undefined);
  const account = unprivilegedAccount();
  if (account === undefined) return { directory, account };
  if (existing) {
    // PostgreSQL must own its data, so the owner of existing data runs it, even if another account would be chosen now.
    const owner =
      existing.uid === account.uid ? account : { name: `number ${existing.uid}`, uid: existing.uid, gid: existing.gid };
    if (owner.uid === 0 || !succeedsAs(owner, 'test', ['-x', directory])) {
      throw new StartFailure(
        `PostgreSQL cannot run as root, and user ${owner.name} cannot enter ${directory}, where its data is: ` +
          'let that user into the folders above it, or move DATA_DIR back to where it was made.',
      );
    }
    return { directory, account: owner };
  }
  if (directory !== place || (await canUse(account, dataDir))) return { directory, account };
  const elsewhere = join(commonPlace, randomBytes(8).toString('hex'));
  try {
    await mkdir(commonPlace, { recursive: true, mode: 0o755 });
    if (!(await canUse(account, commonPlace))) throw new Error(`user ${account.name} cannot enter it`);
    await symlink(elsewhere, place);
  } catch (cause) {
    throw new StartFailure(
      `user ${account.name}, as whom PostgreSQL runs, cannot enter ${dataDir}, and its data cannot be in ` +
        `${commonPlace} either (${messageOf(cause)}): set DATA_DIR to a folder that everybody can enter, or DATABASE_URL.`,
      { cause },
    );
  }
  return { directory: elsewhere, account };
}

/** Tests with a temporary folder whether the account can use folders in `parent`. */
async function canUse(account: Account, parent: string): Promise<boolean> {
  const probe = await mkdtemp(join(parent, 'probe-'));
  try {
    await chown(probe, account.uid, account.gid);
    return succeedsAs(account, 'test', ['-w', probe]) && succeedsAs(account, 'test', ['-x', probe]);
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}
