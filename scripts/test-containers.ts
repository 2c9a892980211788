/**
 * `npm run test:containers [-- FILTER…]`: the tests that need services, on containers that they start themselves. The
 * containers are removed however the tests end: failed, interrupted, killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { containerSource, removeContainersOf } from '../test/support/containers.ts';

/** Those of a deployment and of `npm start` are about services of their own. */
const DEFAULTS = ['test/integration', 'test/conformance', '--exclude', 'test/integration/{start,deploy}/**'];

/** For vitest to end in, when it is told to; then it is killed. */
const PATIENCE_MS = 5_000;

const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
const filters = process.argv.slice(2);

async function main(): Promise<number> {
  const source = await containerSource(process.env);
  const env = { ...process.env, TEST_SERVICES: 'containers', TEST_CONTAINERS_RUN: source.run };
  const tests = spawn(process.execPath, [vitest, 'run', ...(filters.length > 0 ? filters : DEFAULTS)], {
    env,
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      tests.kill(signal);
      setTimeout(() => tests.kill('SIGKILL'), PATIENCE_MS).unref();
    });
  }
  const [code] = await once(tests, 'exit');
  await removeContainersOf(source);
  return code ?? 1;
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`test:containers: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
