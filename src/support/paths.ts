/**
 * The files and folders that are found at run time. The compiler does not check these paths, so they are all here, and
 * test/unit/support/paths.test.ts uses each of them.
 */
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export const paths = {
  /** The version of Deskwire, and where installed packages are found from. */
  packageFile: join(root, 'package.json'),
  /** The code that decides commands; nodes compare it by its fingerprint. */
  domain: join(root, 'src', 'domain'),
  migrations: join(root, 'migrations'),
  /** The program of the thread that builds a read model. */
  rebuildThread: join(root, 'src', 'projections', 'rebuild', 'rebuild-thread.ts'),
  /** The program of the processes that the primary starts. */
  worker: join(root, 'src', 'runtime', 'workers', 'worker.ts'),
  /** Built by scripts/build-web.ts, a folder for each bundle. Without it, the server serves nothing for browsers. */
  web: join(root, 'dist'),
  /** Programs that were downloaded. Made when it is needed. */
  cache: join(root, '.cache'),
} as const;
