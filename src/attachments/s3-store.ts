/**
 * Attachments in a bucket of S3 or of something that speaks its protocol. An upload is received as a file first, so one
 * PUT of known length stores it: no multipart uploads that would have to be cleaned up, no parts held in memory.
 *
 * Checksums beyond what the protocol requires stay off: several S3-compatible servers do not know them.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { AttachmentLost, type AttachmentStore, type ByteRange } from './store.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Of a server other than Amazon's; buckets are then part of the path, not of the host. */
  readonly endpoint?: string;
  /** Without them they come from where AWS tools look: environment, profile, instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Milliseconds. A bucket that does not answer must not hold requests for ever. */
const CONNECT_MS = 3_000;
const ANSWER_MS = 30_000;

/** What fails is reported by whoever asked; without a logger the client writes to the console. */
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
  const incoming = await mkdtemp(join(tmpdir(), 'deskwire-uploads-'));
  return {
    incoming,
    async put({ key, size, mimeType }, path) {
      const body = createReadStream(path);
      const common = { Bucket: bucket, Key: key, ContentLength: size, ContentType: mimeType };
      try {
        // Should the bucket ever be opened to browsers, it too gives files to keep, never pages.
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

/** An answer to HEAD has no body that says what is wrong. */
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

/** Whatever is the matter with the bucket, it is not the client's fault, and may be over in a moment. */
function outage(cause: unknown): DeskwireError {
  return new DeskwireError('unavailable', 'Files cannot be stored or read right now', { retryAfter: 5, cause });
}
