/** The port for the bytes of attachments. Configuration chooses a folder or a bucket. */
import type { Readable } from 'node:stream';

/** Bytes from `start` to `end`, both inclusive, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredFile {
  /** Generated: `[a-z0-9/-]` only. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly mimeType: string;
}

export interface AttachmentStore {
  /** Existing folder in which uploads are received before they are stored. */
  readonly incoming: string;
  /** Stores the file at `path`, and may move it. Resolves when it is durable. */
  put(file: StoredFile, path: string): Promise<void>;
  /**
   * The caller reads the stream to its end or destroys it. Rejects with `AttachmentLost` when there is no such file.
   */
  open(key: string, range?: ByteRange): Promise<Readable>;
  /** Resolves also when there is no such file. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

/** A recorded attachment has no file in the store. Never the client's fault. */
export class AttachmentLost extends Error {
  override readonly name = 'AttachmentLost';
}
