#!/usr/bin/env node
/** The `deskwire` command on whatever Node is there: it runs on the project's own, which reads TypeScript. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major] = process.versions.node.split('.').map(Number);

if (major >= 24) {
  await import('../src/cli/deskwire.ts');
} else {
  const own = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(own)) {
    process.stderr.write('deskwire: the dependencies are missing: run npm ci first.\n');
    process.exit(1);
  }
  const child = spawn(own, [join(root, 'src', 'cli', 'deskwire.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
