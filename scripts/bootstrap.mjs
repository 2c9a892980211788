/**
 * Before `npm start` and `npm test`: installs the dependencies when they are missing or not those of package-lock.json,
 * and builds what browsers load when it was not built from the sources that there are (`build-web.ts`, a few seconds).
 * Needs nothing but Node 20 and npm; the dependencies include the Node 24 that everything else runs on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, 'node_modules', '.bin', 'node');

const reason = reasonToInstall();
if (reason !== undefined) {
  process.stdout.write(`Installing the dependencies: ${reason}.\n`);
  install();
}
if (spawnSync(node, [join(root, 'scripts', 'build-web.ts')], { stdio: 'inherit' }).status !== 0) {
  fail('the pages could not be built, see above.');
}

/** Undefined when what is installed is what the lock file names. */
function reasonToInstall() {
  const locked = readPackages(join(root, 'package-lock.json'));
  if (locked === undefined) fail('package-lock.json is missing: clone the repository again.');
  // npm writes this one last: it is missing after an installation that was interrupted.
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing or incomplete';
  if (!existsSync(node)) return 'the Node that Deskwire runs on is missing';
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === '') continue;
    const found = installed[path];
    const name = path.replace(/^.*node_modules\//, '');
    // Optional packages are for other systems, mostly.
    if (found === undefined && !wanted.optional) return `${name} is missing`;
    if (found !== undefined && (found.version !== wanted.version || found.integrity !== wanted.integrity)) {
      return `${name} is not the version of package-lock.json`;
    }
  }
  return undefined;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  // The npm that runs us, with its own Node: the one in node_modules is about to be replaced.
  const { npm_execpath: npm, npm_node_execpath: itsNode, ...env } = process.env;
  const [command, ...args] = npm?.endsWith('.js') ? [itsNode ?? process.execPath, npm] : ['npm'];
  const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync(command, [...args, ...options], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) fail(`npm could not be run (${result.error.message}): install Node with npm.`);
  if (result.status !== 0) fail('npm ci failed, see above: is the npm registry reachable?');
  if (spawnSync(node, ['--version']).status !== 0) {
    fail('the package "node" was not set up: allow its install script (npm config set ignore-scripts false).');
  }
}

function fail(message) {
  process.stderr.write(`deskwire: ${message}\n`);
  process.exit(1);
}
