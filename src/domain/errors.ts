/** Refusals of the domain: what went wrong, as a stable code that HTTP and sockets each translate in one place. */

export type ErrorCode =
  | 'unauthorized'
  | 'token_expired'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'invalid_payload'
  | 'rate_limited'
  | 'conflict'
  | 'precondition_failed'
  | 'idempotency_key_reused'
  | 'unusable_event_name'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'unavailable';

export class DeskwireError extends Error {
  override readonly name = 'DeskwireError';
  readonly code: ErrorCode;
  /** The field of the request that is wrong, as the client named it (`data.priority`), when one is. */
  readonly field: string | undefined;
  /** Seconds after which trying again makes sense, when it does. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: { field?: string; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.retryAfter = details.retryAfter;
  }
}
