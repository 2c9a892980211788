/** The one place where failures become what a socket is told. Source: PROTOCOL.md section 2. */
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';

export interface WireError {
  readonly type: Exclude<ErrorCode, 'precondition_failed' | 'idempotency_key_reused'>;
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

/** Sockets know no headers, so what only headers can ask for is a conflict here. */
function typeOf(code: ErrorCode): WireError['type'] {
  return code === 'precondition_failed' || code === 'idempotency_key_reused' ? 'conflict' : code;
}
