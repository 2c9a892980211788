/**
 * Checks JSON that is passed on unchanged. Its size in bytes is limited, because the broker refuses larger messages,
 * and one refused event would block all events after it in the log.
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
