import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSpoolFolder, receive } from '../../../src/attachments/spool.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deskwire-spool-'));
});
afterAll(() => rm(folder, { recursive: true }));

const received = (stream: Readable, limit = 100, stallAfter = 10_000) => receive(stream, { folder, limit, stallAfter });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => error.code,
  );

it('a received upload is a file until its disposal', async () => {
  {
    await using file = await received(Readable.from([Buffer.from('one '), Buffer.from('two')]));
    expect([file.size, await readFile(file.path, 'utf8')]).toEqual([7, 'one two']);
  }
  expect(await readdir(folder)).toEqual([]);
});

it('an upload that breaks off leaves nothing, however early', async () => {
  const broken = (when: 'before' | 'at once' | 'later') => {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    if (when === 'before') stream.destroy(new Error('gone'));
    else if (when === 'at once') process.nextTick(() => stream.destroy(new Error('gone')));
    else stream.write('some', () => stream.destroy(new Error('gone')));
    return stream;
  };
  for (const when of ['before', 'at once', 'later'] as const) {
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(received(broken(when)))));
    expect(new Set(codes), when).toEqual(new Set(['invalid_payload']));
    expect(await readdir(folder), when).toEqual([]);
  }
});

it('an upload that is too large by one byte leaves nothing', async () => {
  expect(await codeOf(received(Readable.from([Buffer.alloc(60), Buffer.alloc(41)])))).toBe('payload_too_large');
  await using exactly = await received(Readable.from([Buffer.alloc(60), Buffer.alloc(40)]));
  expect(exactly.size).toBe(100);
  expect(await readdir(folder)).toHaveLength(1);
});

it('an upload that stalls is aborted', async () => {
  const stream = new PassThrough();
  stream.write('some');
  await expect(received(stream, 100, 20)).rejects.toThrow('The upload stopped arriving');
  expect(stream.destroyed).toBe(true);
  expect(await readdir(folder)).toEqual([]);
});

it('a folder of uploads replaces those of processes that are gone, and of no others', async () => {
  const within = await mkdtemp(join(folder, 'system-'));
  const old = new Date(Date.now() - 2 * 3_600_000);
  // The largest process id of any system that we run on is smaller.
  const gone = 'deskwire-uploads-9999999-abc';
  for (const name of [gone, 'deskwire-uploads-9999998-new', `deskwire-uploads-${process.ppid}-abc`, 'other']) {
    await mkdir(join(within, name));
    await writeFile(join(within, name, 'half'), 'half');
    if (!name.endsWith('-new')) await utimes(join(within, name), old, old);
  }
  const own = await openSpoolFolder(3_600_000, Date.now(), within);
  const left = await readdir(within);
  expect(left).not.toContain(gone);
  expect(left.toSorted()).toEqual(
    [
      'deskwire-uploads-9999998-new',
      `deskwire-uploads-${process.ppid}-abc`,
      'other',
      own.slice(within.length + 1),
    ].toSorted(),
  );
  await rm(within, { recursive: true });
});
