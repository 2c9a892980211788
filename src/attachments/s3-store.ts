/**
 * Stores attachments in a bucket of S3 or of a compatible server. An upload is received into a file first, so that one
 * PUT of known length stores it. There are no multipart uploads to clean up and no parts in memory.
 *
 * Optional checksums are off, because several S3-compatible servers do not support them.
 */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { DeskwireError } from '../domain/errors.ts';
import { openSpoolFolder } from './spool.ts';
import { AttachmentLost, type AttachmentStore, type ByteRange } from './store.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** URL of a server other than Amazon's; the bucket is then part of the path, not of the host name. */
  readonly endpoint?: string;
  /** When absent, the AWS defaults apply: environment, profile, instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Limits for a server that does not answer. */
const CONNECT_MS = 3_000;
const ANSWER_MS = 30_000;
/** Age at which the folder of a process that is gone holds nothing that still arrives. */
const LEFTOVER_MS = 24 * 3_600_000;

/** Callers report failures. Without a logger, the client would write to the console. */
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {}

/** Rejects when the bucket cannot be reached with these credentials. */
export async function createS3Store({ bucket, region, endpoint, credentials }: S3Options): Promise<AttachmentStore> {
  const client = new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: QUIET,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    client.destroy();
    throw error instanceof S3ServiceException ? refusal(error) : error;
  }
  const incoming = await openSpoolFolder(LEFTOVER_MS, Date.now());
  return {
    incoming,
    async put({ key, size, mimeType }, path) {
      const body = createReadStream(path);
      const common = { Bucket: bucket, Key: key, ContentLength: size, ContentType: mimeType };
      try {
        // If the bucket is ever opened to browsers, they save the files instead of showing them.
        await client.send(new PutObjectCommand({ ...common, Body: body, ContentDisposition: 'attachment' }));
      } catch (error) {
        throw outage(error);
      } finally {
        body.destroy();
      }
    },
    async open(key, range) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...headerOf(range) }));
        if (Body instanceof Readable) return Body;
      } catch (error) {
        if (!(error instanceof NoSuchKey)) throw outage(error);
        throw new AttachmentLost(`${key} is not in the bucket ${bucket}`, { cause: error });
      }
      throw new AttachmentLost(`${key} of the bucket ${bucket} has no content`);
    },
    async remove(key) {
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      } catch (error) {
        throw outage(error);
      }
    },
    async close() {
      client.destroy();
      await rm(incoming, { recursive: true, force: true });
    },
  };
}

/** The reason follows from the status, because an answer to HEAD has no body. */
function refusal(cause: S3ServiceException): Error {
  const status = cause.$metadata.httpStatusCode ?? 0;
  const reasons: Readonly<Record<number, string>> = {
    301: 'it is in another region',
    403: 'not allowed',
    404: 'no such bucket',
  };
  return new Error(`the server answers ${status}${reasons[status] ? `, ${reasons[status]}` : ''}`, { cause });
}

function headerOf(range: ByteRange | undefined): { Range?: string } {
  return range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` };
}

/** A failure of the bucket is not the client's fault, and a retry may work. */
function outage(cause: unknown): DeskwireError {
  return new DeskwireError('unavailable', 'Files cannot be stored or read right now', { retryAfter: 5, cause });
}
