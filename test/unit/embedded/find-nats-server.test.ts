import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findNatsServer } from '../../../src/embedded/find-nats-server.ts';

/** Creates a folder with programs that only print the version of a nats-server. */
async function withPrograms(programs: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'deskwire-nats-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, version] of Object.entries(programs)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\necho "nats-server: ${version}"\n`, { mode: 0o755 });
  }
  return folder;
}
const cached = 'cache/nats-server/usr/sbin/nats-server';

describe('finding a nats-server', () => {
  it('prefers the first on PATH, and skips relative folders', async () => {
    const folder = await withPrograms({ 'a/nats-server': 'v2.10.1', 'b/nats-server': 'v2.11.0', [cached]: 'v2.12.0' });
    const path = ['', 'relative', `${folder}/none`, `${folder}/a`, `${folder}/b`].join(':');
    expect(await findNatsServer({ path, cache: join(folder, 'cache') })).toBe(join(folder, 'a/nats-server'));
  });

  it('skips a program that is older than 2.9 or does not run', async () => {
    const folder = await withPrograms({
      'old/nats-server': 'v2.8.4',
      'broken/nats-server': 'what?',
      [cached]: 'v2.9.10',
    });
    const path = `${folder}/old:${folder}/broken`;
    expect(await findNatsServer({ path, cache: join(folder, 'cache') })).toBe(join(folder, cached));
  });

  it('accepts newer major versions', async () => {
    const folder = await withPrograms({ 'new/nats-server': 'v3.0.0' });
    expect(await findNatsServer({ path: `${folder}/new`, cache: folder })).toBe(join(folder, 'new/nats-server'));
  });
});
