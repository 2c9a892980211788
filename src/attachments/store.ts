/** Where the bytes of attachments are kept: a folder or a bucket, chosen by configuration, used alike. */
import type { Readable } from 'node:stream';

/** Bytes from `start` to `end`, both inclusive, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredFile {
  /** Made by us: `[a-z0-9/-]` only. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly mimeType: string;
}

export interface AttachmentStore {
  /** Existing folder of this process or of all nodes, where uploads are received before they are stored. */
  readonly incoming: string;
  /** Stores the file at `path`, which may be gone afterwards. Resolves when it is durable. */
  put(file: StoredFile, path: string): Promise<void>;
  /** The caller reads the stream to its end or destroys it. Rejects with `AttachmentLost` when there is no such file. */
  open(key: string, range?: ByteRange): Promise<Readable>;
  /** Resolves also when there is no such file. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

/** A file that we know of is not where it should be: never the client's fault. */
export class AttachmentLost extends Error {
  override readonly name = 'AttachmentLost';
}
