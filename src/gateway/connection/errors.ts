/** Translates failures to the errors that a socket receives. Source: docs/protocol.md section 2. */
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';

/** Codes that only HTTP has, and their counterparts here. */
const HTTP_ONLY = {
  precondition_failed: 'conflict',
  idempotency_key_reused: 'conflict',
  unsupported_media_type: 'invalid_payload',
  unusable_event_name: 'invalid_payload',
} as const;

export interface WireError {
  readonly type: Exclude<ErrorCode, keyof typeof HTTP_ONLY>;
  readonly message: string;
  /** As the client named it. */
  readonly field?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** An unexpected failure becomes `unavailable`, without its details: those are for the log. */
export function wireError(error: unknown): WireError {
  if (!(error instanceof DeskwireError)) return { type: 'unavailable', message: 'Something went wrong on our side' };
  return {
    type: typeOf(error.code),
    message: error.message,
    ...(error.field !== undefined && { field: error.field }),
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  };
}

function typeOf(code: ErrorCode): WireError['type'] {
  return isHttpOnly(code) ? HTTP_ONLY[code] : code;
}

function isHttpOnly(code: ErrorCode): code is keyof typeof HTTP_ONLY {
  return Object.hasOwn(HTTP_ONLY, code);
}
