/**
 * Attachments: files that users upload to a ticket and then name in a message. Received, checked and stored here, and read
 * again; who may upload or read is decided by whoever calls (`application/attachments.ts`).
 *
 * An attachment belongs to one ticket, one uploader and one message. The record comes before the bytes, so that whatever
 * a crash leaves behind is known, unused, and swept away after a day.
 */
import type { Readable } from 'node:stream';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { DeskwireError } from '../domain/errors.ts';
import type { Attachment } from '../domain/ticket/events.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { cleaned, safeFileName } from './file-name.ts';
import { fileTypeOf } from './file-type.ts';
import { createLinks, type LinkParameters, loadLinkSecret } from './links.ts';
import { type AttachmentRecord, createRecords } from './records.ts';
import { type Received, receive } from './spool.ts';
import type { AttachmentStore, ByteRange } from './store.ts';
import { startSweep } from './sweep.ts';

/** Bytes. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;
/** Of one user: what they may send at the same time to one process, and keep without naming it in a message. */
const UPLOADS_AT_ONCE = 5;
const UNUSED_UPLOADS = 50;
const STALL_MS = 30_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Upload {
  readonly ticketId: string;
  readonly uploader: UserFacts;
  /** As the client gave it. */
  readonly name: string;
  readonly received: Received;
}

export interface ClaimRequest {
  readonly ticketId: string;
  readonly uploader: UserFacts;
  readonly commandId: string;
  /** As the client gave them. */
  readonly ids: readonly string[];
}

export interface Attachments {
  /**
   * Lets a user begin an upload; dispose of it when the upload is over. Rejects with `rate_limited` for one who has too many
   * under way or lying about.
   */
  admit(uploader: UserFacts): Promise<Disposable>;
  /** Takes an upload in. Rejects with `payload_too_large`, or with what ended the stream; nothing is left then. */
  receive(stream: Readable): Promise<Received>;
  /** Checks and stores a received file. Rejects with `unsupported_media_type`, or `unavailable`. */
  keep(upload: Upload): Promise<Attachment>;
  /** What a message names, in the order named. Rejects with `not_found` naming `attachments.N`; nothing is claimed then. */
  claim(request: ClaimRequest): Promise<Attachment[]>;
  /** Gives back what a command claimed and then was refused. */
  release(ticketId: string, commandId: string): Promise<void>;
  find(id: string): Promise<AttachmentRecord | undefined>;
  open(record: AttachmentRecord, range?: ByteRange): Promise<Readable>;
  /** Where to fetch an attachment; without a viewer, with the token of whoever asks. */
  urlFor(attachmentId: string, viewer?: UserFacts): string;
  /** Throws `unauthorized` or `token_expired`. The viewer's access is another question. */
  verifyLink(attachmentId: string, parameters: LinkParameters): void;
  /** Removes what was uploaded and never used, or left behind by a crash; done by itself from time to time. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export interface AttachmentsDeps {
  readonly pool: Pool;
  /** Closed by its owner, after this. */
  readonly store: AttachmentStore;
  /** Put before the path of links; empty for links relative to the server. */
  readonly baseUrl: string;
  readonly newId: () => string;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
}

export async function createAttachments(parts: AttachmentsDeps): Promise<Attachments> {
  const { pool, store, now, newId, log } = parts;
  const records = createRecords(pool);
  const links = createLinks({ secret: await loadLinkSecret(pool), now, baseUrl: parts.baseUrl });
  const underWay = new Map<string, number>();
  const sweep = startSweep({ records, store, now, log });

  function count(userId: string, change: 1 | -1): void {
    const uploads = (underWay.get(userId) ?? 0) + change;
    if (uploads === 0) underWay.delete(userId);
    else underWay.set(userId, uploads);
  }

  async function save(record: Omit<AttachmentRecord, 'internal'>, path: string): Promise<void> {
    await records.add(record);
    try {
      await store.put({ key: record.storageKey, size: record.size, mimeType: record.mimeType }, path);
    } catch (error) {
      await discard(record);
      throw error;
    }
  }

  /** What cannot be removed now is swept later: its record stays. */
  async function discard({ id, storageKey }: { id: string; storageKey: string }): Promise<void> {
    try {
      await store.remove(storageKey);
      await records.remove(id);
    } catch (error) {
      log.warn({ err: error, attachment: id }, 'an upload that failed is left for the sweep');
    }
  }

  return {
    async admit({ id }) {
      if ((underWay.get(id) ?? 0) >= UPLOADS_AT_ONCE) {
        throw new DeskwireError('rate_limited', `You may upload ${UPLOADS_AT_ONCE} files at once`, { retryAfter: 2 });
      }
      count(id, 1);
      try {
        if ((await records.unused(id)) < UNUSED_UPLOADS) return { [Symbol.dispose]: () => count(id, -1) };
      } catch (error) {
        count(id, -1);
        throw error;
      }
      count(id, -1);
      const problem = `You have ${UNUSED_UPLOADS} uploads that no message names: send some of them first`;
      throw new DeskwireError('rate_limited', problem, { retryAfter: 3_600 });
    },

    receive: (stream) => receive(stream, { folder: store.incoming, limit: MAX_FILE_BYTES, stallAfter: STALL_MS }),

    async keep({ ticketId, uploader, name: given, received }) {
      if (received.size === 0) throw new DeskwireError('invalid_payload', 'The file is empty', { field: 'file' });
      const type = await fileTypeOf(received.path, cleaned(given));
      if (type === undefined) {
        const problem = 'Files of this kind are not taken; images, PDF, Office documents, text, CSV and ZIP are';
        throw new DeskwireError('unsupported_media_type', problem, { field: 'file' });
      }
      const id = newId();
      const attachment = {
        id,
        name: safeFileName(given, type.extensions),
        size: received.size,
        mimeType: type.mimeType,
      };
      // The end of the id, since the beginning of a UUIDv7 is the same for weeks.
      const storageKey = `${id.slice(-2)}/${id}`;
      await save({ ...attachment, ticketId, uploaderId: uploader.id, storageKey }, received.path);
      return attachment;
    },

    async claim({ ticketId, uploader, commandId, ids }) {
      ids.forEach((id, index) => {
        if (!UUID.test(id)) throw notFound(index);
        if (ids.indexOf(id) !== index) {
          throw new DeskwireError('invalid_payload', 'An attachment is named twice', { field: `attachments.${index}` });
        }
      });
      const claimed = await records.claim({ ticketId, uploaderId: uploader.id, commandId, ids });
      const byId = new Map(claimed.map((attachment) => [attachment.id, attachment]));
      const named = ids.map((id) => byId.get(id));
      const missing = named.indexOf(undefined);
      if (missing >= 0) {
        if (claimed.length > 0) await records.release(ticketId, commandId);
        throw notFound(missing);
      }
      return named.filter((attachment) => attachment !== undefined);
    },

    release: records.release,
    find: async (id) => (UUID.test(id) ? records.find(id) : undefined),
    open: ({ storageKey }, range) => store.open(storageKey, range),
    urlFor: (attachmentId, viewer) => links.urlFor(attachmentId, viewer?.id),
    verifyLink: links.verify,
    sweep: sweep.run,
    close: sweep.close,
  };
}

function notFound(index: number): DeskwireError {
  return new DeskwireError('not_found', 'Attachment not found', { field: `attachments.${index}` });
}
