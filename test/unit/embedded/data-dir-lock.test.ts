import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockDataDir } from '../../../src/embedded/data-dir-lock.ts';

async function folder(...claims: string[]): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'deskwire-lock-'));
  onTestFinished(() => rm(path, { recursive: true }));
  await mkdir(join(path, 'lock'));
  for (const claim of claims) await writeFile(join(path, 'lock', claim), '');
  return path;
}

describe('the lock on DATA_DIR', () => {
  it('is held until it is released, and leaves no file behind', async () => {
    const path = await folder();
    const release = await lockDataDir(path);
    await expect(lockDataDir(path)).rejects.toThrow(`another Deskwire (process ${process.pid})`);
    await release();
    expect(await readdir(join(path, 'lock'))).toEqual([]);
    await (await lockDataDir(path))();
  });

  it.each([
    ['a process that is gone', '4194999-1234abcd-1.aa.held'],
    ['another process under the same pid', `${process.pid}-1234abcd-1.aa.held`],
    ['nobody', 'nonsense'],
    ['a group of processes', '-1-1234abcd-1.aa.held'],
  ])('passes over a lock of %s, and removes it', async (_, claim) => {
    const path = await folder(claim);
    const release = await lockDataDir(path);
    expect(await readdir(join(path, 'lock'))).not.toContain(claim);
    await release();
  });

  it('goes to exactly one of many processes that find the same stale lock', async () => {
    const path = await folder('4194999-1234abcd-1.aa.held');
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(path)));
    expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(join(path, 'lock'))).toHaveLength(2);
  });
});
