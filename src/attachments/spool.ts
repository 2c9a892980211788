/**
 * Receives uploads from the wire into a file, chunk by chunk, so that memory does not grow with their size. When an
 * upload fails (too large, aborted, stalled, refused later), its file is removed.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
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

/** Removes files older than `age` milliseconds, left by processes that were killed while receiving. */
export async function removeLeftovers(folder: string, age: number, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Another node may have removed it.
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && found.mtimeMs < now - age) await rm(path, { force: true });
  }
}
