/**
 * Receives uploads from the wire into a file, chunk by chunk, so that memory does not grow with their size. When an
 * upload fails (too large, aborted, stalled, refused later), its file is removed.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeskwireError } from '../domain/errors.ts';

/** A received file. Disposal removes it, unless it was moved. */
export interface Received extends AsyncDisposable {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export interface SpoolOptions {
  readonly folder: string;
  /** Bytes that a file may have. */
  readonly limit: number;
  /** Milliseconds without a byte after which an upload is aborted. */
  readonly stallAfter: number;
}

/** Rejects with `payload_too_large`, with `invalid_payload` for an upload that stalls, or with the stream's error. */
export async function receive(stream: Readable, { folder, limit, stallAfter }: SpoolOptions): Promise<Received> {
  const path = join(folder, randomUUID());
  // Opened before the stream is read: a file that is still being opened cannot be removed.
  await using file = await open(path, 'wx', 0o600);
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(stallError()), stallAfter);
  let size = 0;
  async function* metered(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      timer.refresh();
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  }
  try {
    await pipeline(stream, metered, file.createWriteStream({ flush: true }), { signal: stalled.signal });
  } catch (error) {
    await rm(path, { force: true });
    throw stalled.signal.aborted ? stalled.signal.reason : reasonOf(error);
  } finally {
    clearTimeout(timer);
  }
  return { path, size, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

export function tooLarge(limit: number): DeskwireError {
  const megabytes = Math.floor(limit / 1_048_576);
  return new DeskwireError('payload_too_large', `A file may have ${megabytes} MB at most`, { field: 'file' });
}

function stallError(): DeskwireError {
  return new DeskwireError('invalid_payload', 'The upload stopped arriving', { field: 'file' });
}

/** An error that is neither ours nor the file system's means that the stream broke off. */
function reasonOf(error: unknown): unknown {
  if (error instanceof DeskwireError || (error instanceof Error && 'syscall' in error)) return error;
  return new DeskwireError('invalid_payload', 'The upload broke off', { field: 'file', cause: error });
}

const OWN_FOLDER = /^deskwire-uploads-(\d{1,10})-/;

/**
 * Creates a folder for the uploads that this process receives, in the system's temporary folder, where only its user
 * may read it. Removes those of processes that ended without removing theirs, when they are older than `age`
 * milliseconds: the processes of another container may have the same temporary folder, and cannot be seen from here.
 */
export async function openSpoolFolder(age: number, now: number, within = tmpdir()): Promise<string> {
  for (const name of await readdir(within)) {
    const pid = OWN_FOLDER.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(within, name);
    // Another process may have removed it.
    const found = await stat(path).catch(() => undefined);
    const ours = process.getuid === undefined || found?.uid === process.getuid();
    if (found !== undefined && ours && found.mtimeMs < now - age) await rm(path, { recursive: true, force: true });
  }
  return mkdtemp(join(within, `deskwire-uploads-${process.pid}-`));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, and is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes files older than `age` milliseconds, left by processes that were killed while receiving. */
export async function removeLeftovers(folder: string, age: number, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Another node may have removed it.
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && found.mtimeMs < now - age) await rm(path, { force: true });
  }
}
