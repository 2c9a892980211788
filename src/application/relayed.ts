/**
 * JSON that is passed on as it is: nothing but JSON, and bounded by what it takes in bytes, because a broker refuses
 * messages beyond a size, and one refused event would hold up all that follow it in the log.
 */

import { LIMITS } from '../contract/limits.ts';
import { DeskwireError } from '../domain/errors.ts';
import { assertJson } from '../domain/json.ts';

/** Throws `invalid_payload` or `payload_too_large`. */
export function requireRelayable(value: unknown, field: string): void {
  assertJson(value, field);
  if (Buffer.byteLength(JSON.stringify(value)) <= LIMITS.relayedBytes) return;
  throw new DeskwireError('payload_too_large', `${field} may take ${LIMITS.relayedBytes} bytes as JSON`, { field });
}
