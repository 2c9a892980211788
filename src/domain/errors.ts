/** The errors with which Deskwire refuses a request. HTTP and sockets each translate the stable code in one place. */

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
  /** The wrong field of the request, as the client named it (`data.priority`); undefined when none is wrong. */
  readonly field: string | undefined;
  /** Seconds after which the client may try again; undefined when a new try does not help. */
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
