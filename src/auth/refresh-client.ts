/**
 * How a refresh token's user is recognised when the answer to a refresh was lost and the client asks again. A client
 * that sends an `Idempotency-Key` is recognised by that alone, since its address may change with the network. Other
 * clients are recognised by their address (the /64 network for IPv6) and `User-Agent`. Decision 0063.
 */
import { createHash } from 'node:crypto';
import { networkOf } from '../support/address.ts';

export interface RefreshClient {
  readonly address: string;
  readonly userAgent: string;
  /** The `Idempotency-Key` of the request. */
  readonly key?: string;
}

/** Equal for two requests of the same client. A hash, so that the database keeps no addresses. */
export function clientMark({ address, userAgent, key }: RefreshClient): Buffer {
  const facts = key === undefined ? ['address', networkOf(address), userAgent] : ['key', key];
  return createHash('sha256').update(JSON.stringify(facts)).digest();
}
