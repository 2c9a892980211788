/**
 * Stores attachments in a folder of this host, or in one that all nodes share. A file gets its final name only when it
 * is complete and flushed, so that a file with a final name is complete even after a power failure.
 */
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AttachmentLost, type AttachmentStore } from './store.ts';

/** Uploads are personal: only the user that the server runs as may read them. */
const PRIVATE = 0o700;

/** Rejects when the folder cannot be created or written. */
export async function createDiskStore(folder: string): Promise<AttachmentStore> {
  const incoming = join(folder, 'incoming');
  await mkdir(incoming, { recursive: true, mode: PRIVATE });
  await access(folder, constants.W_OK);
  await access(incoming, constants.W_OK);
  const pathOf = (key: string) => join(folder, ...key.split('/'));
  return {
    incoming,
    async put({ key }, path) {
      const target = pathOf(key);
      const parent = dirname(target);
      await mkdir(parent, { recursive: true, mode: PRIVATE });
      await rename(path, target);
      await flush(parent);
    },
    async open(key, range) {
      try {
        const file = await open(pathOf(key));
        return file.createReadStream(range);
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
        throw new AttachmentLost(`${key} is not in ${folder}: do all nodes share this folder?`, { cause });
      }
    },
    remove: (key) => rm(pathOf(key), { force: true }),
    close: () => Promise.resolve(),
  };
}

/** Makes the names in a folder durable. */
async function flush(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
