/**
 * Attachments in a folder of this machine, or in one that all nodes share. A file gets its final name only when it is
 * complete and flushed, so whatever has such a name is whole, whenever the power went.
 */
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AttachmentLost, type AttachmentStore } from './store.ts';

/** Uploads are personal: for the user that the server runs as, and nobody else on the machine. */
const PRIVATE = 0o700;

/** Rejects when the folder cannot be made or written. */
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

/** Makes the names in a folder survive a power failure. */
async function flush(folder: string): Promise<void> {
  await using directory = await open(folder);
  await directory.sync();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
