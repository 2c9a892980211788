/**
 * Builds client library, widget and console into `dist/`. `scripts/bootstrap.mjs` runs it before `npm start`
 * and `npm test`; a build is skipped when the content of its sources is unchanged.
 *
 *   node scripts/build-web.ts           builds each bundle that is not up to date
 *   node scripts/build-web.ts client    builds one bundle, even if it is up to date
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { InlineConfig, Plugin } from 'vite';
import consoleConfig from '../console/vite.config.ts';
import { paths } from '../src/support/paths.ts';

export interface Target {
  readonly name: string;
  /** Files and folders from which it is built, besides the packages. */
  readonly sources: readonly string[];
  readonly config: InlineConfig;
}

const root = join(import.meta.dirname, '..');

/**
 * Replaces Engine.IO's table of transports. Polling uses `fetch`, which every browser and Node has, in place of
 * XMLHttpRequest, which Node lacks. WebTransport, which the server does not offer, is left out.
 */
const socketTransports: Plugin = {
  name: 'socket-transports',
  enforce: 'pre',
  resolveId(source, importer = '') {
    const isTable = source === './transports/index.js' && /engine\.io-client\/build\/esm\/[^/]+$/.test(importer);
    return isTable ? `${dirname(importer)}/transports/deskwire-table.js` : null;
  },
  load(id) {
    if (!id.endsWith('/transports/deskwire-table.js')) return null;
    return `
      import { Fetch } from './polling-fetch.js';
      import { WS } from './websocket.js';
      export const transports = { websocket: WS, polling: Fetch };`;
  },
};

/** A bundle of one file. */
function script(name: string, entry: string, sources: readonly string[], format: 'es' | 'iife', file: string): Target {
  const config: InlineConfig = {
    root,
    plugins: [socketTransports],
    build: {
      outDir: join(paths.web, name),
      target: 'es2023',
      // Vite does not minify libraries, because bundlers do it later. Pages load this file without a bundler.
      rolldownOptions: { output: { minify: true } },
      lib: { entry: join(root, entry), formats: [format], fileName: () => file, name: 'deskwire' },
    },
  };
  return { name, sources, config };
}

/** Each bundle is built to the folder of its name in `dist/`. */
export const targets: readonly Target[] = [
  script('client', 'src/client/index.ts', ['src/client'], 'es', 'index.js'),
  script(
    'widget',
    'widget/index.ts',
    ['src/client', 'src/contract/limits.ts', 'console/src/language', 'console/src/writing', 'widget'],
    'iife',
    'widget.js',
  ),
  {
    name: 'console',
    sources: ['src/client', 'src/contract/limits.ts', 'src/domain', 'console'],
    config: consoleConfig,
  },
];

const COMMON = ['package-lock.json', 'scripts/build-web.ts', 'src/support/paths.ts'];

/** The hash of all sources of a target. */
async function fingerprint({ sources }: Target): Promise<string> {
  const hash = createHash('sha256');
  for (const source of [...COMMON, ...sources]) {
    for (const file of await filesIn(join(root, source))) {
      hash.update(`${relative(root, file)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function stampOf({ name }: Target): string {
  return join(paths.web, `${name}.stamp`);
}

async function build(target: Target, print: string): Promise<void> {
  // Loaded only for a build, because loading Vite takes longer than the check.
  const vite = await import('vite');
  await rm(stampOf(target), { force: true });
  const { build: options, ...config } = target.config;
  const emptyOutDir = true;
  await asInProduction(() =>
    vite.build({ configFile: false, logLevel: 'warn', ...config, build: { emptyOutDir, ...options } }),
  );
  await compressAll(join(paths.web, target.name));
  await writeFile(stampOf(target), print);
}

/** With another NODE_ENV (that of tests, for example), React and others bring their larger development code. */
async function asInProduction<T>(run: () => Promise<T>): Promise<T> {
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    return await run();
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

/** Compresses each text file once, as small as possible, so that the server need not do it for each request. */
async function compressAll(folder: string): Promise<void> {
  for (const file of await filesIn(folder)) {
    if (!/\.(js|css|html|svg|json|webmanifest)$/.test(file)) continue;
    const content = await readFile(file);
    await writeFile(`${file}.gz`, gzipSync(content, { level: 9 }));
    await writeFile(`${file}.br`, brotliCompressSync(content));
  }
}

/** Builds the bundles that are not up to date, or the bundle of this name. Returns the names of those it built. */
export async function buildWeb(wanted?: string): Promise<string[]> {
  const built: string[] = [];
  for (const target of targets) {
    if (wanted !== undefined && target.name !== wanted) continue;
    const print = await fingerprint(target);
    const known = await readFile(stampOf(target), 'utf8').catch(() => '');
    if (known === print && wanted === undefined) continue;
    await build(target, print);
    built.push(target.name);
  }
  return built;
}

if (import.meta.main) {
  const built = await buildWeb(process.argv[2]);
  if (built.length > 0) process.stdout.write(`Built ${built.join(', ')}.\n`);
}
