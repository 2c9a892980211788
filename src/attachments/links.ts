/**
 * Links to attachments that a browser can follow without a token, for example in an <img>. A link is signed for one
 * viewer and valid for 10 to 15 minutes. Everyone who follows it gets what the viewer may see at that moment.
 *
 * The expiry is rounded to buckets of time, so that a viewer's link stays the same for 5 minutes and caches work.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pool } from 'pg';
import { DeskwireError } from '../domain/errors.ts';

/** Seconds. */
const BUCKET = 300;
const LIFETIME_BUCKETS = 3;

/** The query parameters of a link. */
export interface LinkParameters {
  readonly viewer: string;
  /** Unix time in seconds. */
  readonly expires: number;
  readonly signature: string;
}

export interface Links {
  /** A signed link for `viewerId`; without a viewer, a URL that needs a token. */
  urlFor(attachmentId: string, viewerId?: string): string;
  /** Throws `unauthorized`, which does not show what is wrong, or `token_expired`. */
  verify(attachmentId: string, parameters: LinkParameters): void;
}

export interface LinkOptions {
  readonly secret: Buffer;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Put before the path; empty for links relative to the server. */
  readonly baseUrl: string;
}

export function createLinks({ secret, now, baseUrl }: LinkOptions): Links {
  function sign(attachmentId: string, viewerId: string, expires: number): Buffer {
    // JSON keeps the boundaries between the values: no two lists give the same text.
    return createHmac('sha256', secret)
      .update(JSON.stringify([attachmentId, viewerId, expires]))
      .digest();
  }

  return {
    urlFor(attachmentId, viewerId) {
      const url = `${baseUrl}/api/v1/attachments/${encodeURIComponent(attachmentId)}`;
      if (viewerId === undefined) return url;
      const expires = (Math.floor(now() / 1_000 / BUCKET) + LIFETIME_BUCKETS) * BUCKET;
      const signature = sign(attachmentId, viewerId, expires).toString('base64url');
      return `${url}?viewer=${encodeURIComponent(viewerId)}&expires=${expires}&signature=${signature}`;
    },
    verify(attachmentId, { viewer, expires, signature }) {
      const expected = sign(attachmentId, viewer, expires);
      const given = Buffer.from(signature, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw notValid();
      if (now() >= expires * 1_000) throw expired();
    },
  };
}

function notValid(): DeskwireError {
  return new DeskwireError('unauthorized', 'This link is not valid');
}

function expired(): DeskwireError {
  return new DeskwireError('token_expired', 'This link has expired: load the message again for a new one');
}

/**
 * Loads the key that all nodes sign with. The node that starts first creates it in the database. Deleting the row and
 * restarting invalidates every link.
 */
export async function loadLinkSecret(pool: Pool): Promise<Buffer> {
  const insert = 'insert into deskwire.attachment_link_key (secret) values ($1) on conflict do nothing';
  await pool.query(insert, [randomBytes(32)]);
  const { rows } = await pool.query<{ secret: Buffer }>('select secret from deskwire.attachment_link_key');
  const [row] = rows;
  if (row === undefined) throw new Error('deskwire.attachment_link_key holds no key');
  return row.secret;
}
