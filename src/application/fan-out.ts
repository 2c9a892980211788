/**
 * Bounds the bytes that one request sends to many recipients. They count once for each recipient, because each gets a
 * copy, in the log or on a socket.
 */
import { LIMITS } from '../contract/limits.ts';
import { DeskwireError } from '../domain/errors.ts';

/** A field of a request that recipients get, and its value. */
export type FannedOut = Readonly<Record<string, unknown>>;

/** Bytes of the fields as JSON. */
export function bytesOf(fields: FannedOut): number {
  return Object.values(fields).reduce<number>((sum, value) => sum + jsonBytes(value), 0);
}

/** Throws `payload_too_large`, which names the largest field, when the copies of all recipients take too much. */
export function requireFanOut(fields: FannedOut, recipients: number): void {
  if (bytesOf(fields) * recipients <= LIMITS.fanOutBytes) return;
  const [field = ''] = Object.keys(fields).toSorted((a, b) => jsonBytes(fields[b]) - jsonBytes(fields[a]));
  const most = Math.floor(LIMITS.fanOutBytes / recipients);
  const problem = `${field} is too large for ${recipients} recipients, who may get ${most} bytes each`;
  throw new DeskwireError('payload_too_large', problem, { field });
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
