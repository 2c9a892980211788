/**
 * Attachments: files that users upload to a ticket and then name in a message. This module receives, checks, stores and
 * reads them. The caller (`application/attachments.ts`) decides who may upload or read.
 *
 * An attachment belongs to one ticket, one uploader and one message. The record is written before the bytes, so that a
 * crash leaves only unused uploads with a record, which the sweep removes after a day.
 */
import type { Readable } from 'node:stream';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LIMITS } from '../contract/limits.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { Attachment } from '../domain/ticket/events.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { createShares } from '../support/shares.ts';
import { cleaned, safeFileName } from './file-name.ts';
import { fileTypeOf } from './file-type.ts';
import { createLinks, type LinkParameters, loadLinkSecret } from './links.ts';
import { type AttachmentRecord, createRecords } from './records.ts';
import { type Received, receive } from './spool.ts';
import type { AttachmentStore, ByteRange } from './store.ts';
import { startSweep } from './sweep.ts';
import { createUploadQuota } from './upload-quota.ts';

/** Uploads that one user may have in flight in one process. */
const UPLOADS_AT_ONCE = 5;
/** Uploads of one user that no message names. */
const UNUSED_UPLOADS = 50;
const STALL_MS = 30_000;
const BYTES_PER_DAY = 1_024 * 1_024 * 1_024;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Upload {
  readonly ticketId: string;
  readonly uploader: UserFacts;
  /** File name as given by the client. */
  readonly name: string;
  readonly received: Received;
}

export interface ClaimRequest {
  readonly ticketId: string;
  readonly uploader: UserFacts;
  readonly commandId: string;
  /** Attachment ids as given by the client. */
  readonly ids: readonly string[];
}

export interface Attachments {
  /**
   * Admits an upload; the caller disposes of the result when the upload is over. Rejects with `rate_limited` when the
   * user has too many uploads in flight or unused, or has uploaded too many bytes today.
   */
  admit(uploader: UserFacts): Promise<Disposable>;
  /** Receives an upload into a file. On rejection (`payload_too_large`, or the stream's error) the file is gone. */
  receive(stream: Readable, uploader: UserFacts): Promise<Received>;
  /** Checks and stores a received file. Rejects with `unsupported_media_type`, or `unavailable`. */
  keep(upload: Upload): Promise<Attachment>;
  /**
   * Claims the attachments that a message names and returns them in that order. Rejects with `not_found` for the field
   * `attachments.N`; nothing is claimed then.
   */
  claim(request: ClaimRequest): Promise<Attachment[]>;
  /** Releases the claims of a command that was refused. */
  release(ticketId: string, commandId: string): Promise<void>;
  find(id: string): Promise<AttachmentRecord | undefined>;
  open(record: AttachmentRecord, range?: ByteRange): Promise<Readable>;
  /** URL of an attachment: a signed link for `viewer`; without a viewer, a URL that needs a token. */
  urlFor(attachmentId: string, viewer?: UserFacts): string;
  /** Throws `unauthorized` or `token_expired`. Does not check the viewer's access. */
  verifyLink(attachmentId: string, parameters: LinkParameters): void;
  /** Removes unused uploads and leftovers of crashes. Also runs every hour by itself. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export interface AttachmentsDeps {
  readonly pool: Pool;
  /** Closed by its owner, after the attachments are closed. */
  readonly store: AttachmentStore;
  /** Put before the path of links; empty for links relative to the server. */
  readonly baseUrl: string;
  readonly newId: () => string;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  /** Bytes that a requester may upload in 24 hours; staff and services ten times as many. 1 GiB when absent. */
  readonly bytesPerDay?: number;
}

export async function createAttachments(deps: AttachmentsDeps): Promise<Attachments> {
  const { pool, store, now, newId, log } = deps;
  const records = createRecords(pool);
  const links = createLinks({ secret: await loadLinkSecret(pool), now, baseUrl: deps.baseUrl });
  const quota = createUploadQuota({ keptBytes: records.bytesOfDay, bytesPerDay: BYTES_PER_DAY, ...deps });
  const inFlight = createShares(UPLOADS_AT_ONCE);
  const sweep = startSweep({ records, store, now, log });

  async function save(record: Omit<AttachmentRecord, 'internal'>, path: string): Promise<void> {
    await records.add(record);
    try {
      await store.put({ key: record.storageKey, size: record.size, mimeType: record.mimeType }, path);
    } catch (error) {
      await discard(record);
      throw error;
    }
  }

  /** If the removal fails, the record stays, and the sweep removes both later. */
  async function discard({ id, storageKey }: { id: string; storageKey: string }): Promise<void> {
    try {
      await store.remove(storageKey);
      await records.remove(id);
    } catch (error) {
      log.warn({ err: error, attachment: id }, 'cannot remove a failed upload; the sweep will');
    }
  }

  async function requireRoom(uploader: UserFacts): Promise<void> {
    await quota.require(uploader);
    if ((await records.unused(uploader.id)) < UNUSED_UPLOADS) return;
    const problem = `You have ${UNUSED_UPLOADS} uploads that no message names: send some of them first`;
    throw new DeskwireError('rate_limited', problem, { retryAfter: 3_600 });
  }

  return {
    async admit(uploader) {
      const { id } = uploader;
      if (!inFlight.take(id)) {
        throw new DeskwireError('rate_limited', `You may upload ${UPLOADS_AT_ONCE} files at once`, { retryAfter: 2 });
      }
      try {
        await requireRoom(uploader);
      } catch (error) {
        inFlight.release(id);
        throw error;
      }
      return { [Symbol.dispose]: () => inFlight.release(id) };
    },

    async receive(stream, { id }) {
      try {
        return await receive(stream, { folder: store.incoming, limit: LIMITS.fileBytes, stallAfter: STALL_MS });
      } catch (error) {
        if (error instanceof DeskwireError && error.code === 'payload_too_large') {
          quota.countRefused(id, LIMITS.fileBytes);
        }
        throw error;
      }
    },

    async keep({ ticketId, uploader, name: given, received }) {
      if (received.size === 0) throw new DeskwireError('invalid_payload', 'The file is empty', { field: 'file' });
      const type = await fileTypeOf(received.path, cleaned(given));
      if (type === undefined) {
        quota.countRefused(uploader.id, received.size);
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
      // The last characters of the id: the first ones of a UUIDv7 stay the same for weeks.
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
