/** The one place where failures become what a socket is told. Source: PROTOCOL.md section 2. */
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';

/** Sockets have neither headers nor paths, and so not these. */
type HttpOnly = 'precondition_failed' | 'idempotency_key_reused' | 'unusable_event_name';

export interface WireError {
  readonly type: Exclude<ErrorCode, HttpOnly>;
  readonly message: string;
  /** As the client named it. */
  readonly field?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** What was not foreseen is told as `unavailable`, without its details: those are for the log. */
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
  switch (code) {
    case 'precondition_failed':
    case 'idempotency_key_reused':
    case 'unusable_event_name':
      return 'conflict';
    default:
      return code;
  }
}
