/**
 * Finds a nats-server to run: on PATH, in the project's cache, or in Debian's package. The package is unpacked into the
 * cache, without root and without changes to the system: apt verifies its signature, with package lists of our own.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, StartFailure } from '../support/start-failure.ts';

const run = promisify(execFile);
const oldest = [2, 9] as const;

export interface FindOptions {
  /** Folders to look in, as in the variable PATH. */
  readonly path: string;
  /** Absolute path; created when it is needed. */
  readonly cache: string;
  /** Called before a slow step. */
  readonly onProgress?: (step: string) => void;
}

/** Returns the absolute path of a nats-server that runs here and is new enough. Rejects with a StartFailure. */
export async function findNatsServer({ path, cache, onProgress }: FindOptions): Promise<string> {
  const cached = join(cache, 'nats-server', 'usr', 'sbin', 'nats-server');
  const places = path.split(delimiter).filter(isAbsolute);
  for (const program of [...places.map((folder) => join(folder, 'nats-server')), cached]) {
    if (await usable(program)) return program;
  }
  try {
    onProgress?.("nats-server is not installed: unpacking Debian's package into the cache");
    await unpackDebianPackage(cache);
    if (await usable(cached)) return cached;
    throw new Error(`${cached} does not run here`);
  } catch (cause) {
    throw new StartFailure(
      'nats-server was not found on PATH and could not be fetched as a Debian package ' +
        `(${messageOf(cause).trim().split('\n').at(-1)}). Install it (brew install nats-server, apt install nats-server), ` +
        'or run one (docker compose up) and set NATS_URL.',
      { cause },
    );
  }
}

async function usable(program: string): Promise<boolean> {
  try {
    await access(program, constants.X_OK);
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
    const [, major, minor] = /v(\d+)\.(\d+)/.exec(stdout) ?? [];
    return Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
  } catch {
    return false;
  }
}

/** Unpacks to a temporary folder and renames it, so that the result is complete or absent. */
async function unpackDebianPackage(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'apt-'));
  try {
    const lists = join(work, 'lists');
    const archives = join(work, 'archives');
    await mkdir(join(lists, 'partial'), { recursive: true });
    await mkdir(join(archives, 'partial'), { recursive: true });
    const configuration = join(work, 'apt.conf');
    await writeFile(
      configuration,
      [
        `Dir::State::lists "${lists}";`,
        `Dir::Cache "${work}";`,
        `Dir::Cache::archives "${archives}";`,
        'APT::Sandbox::User "root";', // apt run as root would switch to the account _apt, which cannot enter the cache.
        'Acquire::Languages "none";',
        'Acquire::http::Timeout "20";',
        'Acquire::Retries "1";',
        '#clear APT::Update::Pre-Invoke;', // The system's hooks would act on the system's package lists.
        '#clear APT::Update::Post-Invoke;',
        '#clear APT::Update::Post-Invoke-Success;',
        '#clear DPkg::Post-Invoke;',
        '',
      ].join('\n'),
    );
    const options = { cwd: work, timeout: 120_000, env: { ...process.env, PATH: systemPath, LC_ALL: 'C' } };
    // A source that cannot be reached is not fatal: another one may have the package.
    await run('apt-get', ['-c', configuration, '-qq', 'update'], options).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Error('this is not a Debian');
    });
    await run('apt-get', ['-c', configuration, '-qq', 'download', 'nats-server'], options);
    const archive = (await readdir(work)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get downloaded nothing');
    await run('dpkg', ['-x', join(work, archive), join(work, 'unpacked')], options);
    const place = join(cache, 'nats-server');
    await rm(place, { recursive: true, force: true });
    await rename(join(work, 'unpacked'), place);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The folders of apt and dpkg on Debian, which PATH may lack. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
