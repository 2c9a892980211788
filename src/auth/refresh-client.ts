/**
 * Recognises a client that repeats a refresh because the answer was lost: by the `Idempotency-Key`, which only the
 * client knows, or by its address and `User-Agent`. The address may change with the network, and a page that is
 * reloaded has forgotten the key, so either is enough. Decision 0063.
 */
import { createHash } from 'node:crypto';
import { networkOf } from '../support/address.ts';

export interface RefreshClient {
  readonly address: string;
  readonly userAgent: string;
  /** The `Idempotency-Key` of the request. */
  readonly key?: string;
}

const LENGTH = 32;

/** The marks of a client. They are hashes, so that the database keeps no addresses. */
export function clientMark({ address, userAgent, key }: RefreshClient): Buffer {
  const marks = [hashed('address', networkOf(address), userAgent)];
  if (key !== undefined) marks.push(hashed('key', key));
  return Buffer.concat(marks);
}

/** Whether two marks have the address and user agent in common, or the key. */
export function isSameClient(one: Buffer, other: Buffer): boolean {
  const places = [0, LENGTH].filter((start) => start < one.length && start < other.length);
  return places.some((start) => one.subarray(start, start + LENGTH).equals(other.subarray(start, start + LENGTH)));
}

function hashed(...facts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(facts)).digest();
}
