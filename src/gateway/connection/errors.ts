/** Translates failures to the errors that a socket receives. Source: docs/protocol.md section 2. */
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';
import type { UnreadPayload } from './packet-parser.ts';

/** Error codes of HTTP alone, and the codes that sockets receive instead. */
const HTTP_ONLY = {
  method_not_allowed: 'not_found',
  precondition_failed: 'conflict',
  idempotency_key_reused: 'conflict',
  unsupported_media_type: 'invalid_payload',
  unusable_event_name: 'invalid_payload',
} as const;

export interface WireError {
  readonly type: Exclude<ErrorCode, keyof typeof HTTP_ONLY>;
  readonly message: string;
  /** The name of the invalid field, as the client sent it. */
  readonly field?: string;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
}

/** An unexpected failure becomes `unavailable`. Its details go to the log and not to the client. */
export function wireError(error: unknown): WireError {
  if (!(error instanceof DeskwireError)) return { type: 'unavailable', message: 'Something went wrong on our side' };
  return {
    type: typeOf(error.code),
    message: error.message,
    ...(error.field !== undefined && { field: error.field }),
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  };
}

/** `what`: the event, or the field of the handshake, whose payload was not read. `whole`: the field's name for all. */
export function unreadError(what: string, whole: string, { reason, field }: UnreadPayload): DeskwireError {
  const details = { field: field || whole };
  switch (reason) {
    case 'too_large':
      return new DeskwireError('payload_too_large', `${what} carries too much`, details);
    case 'too_deep':
      return new DeskwireError('invalid_payload', `${what} is nested too deeply`, details);
    case 'binary':
      return new DeskwireError('invalid_payload', `${what} takes no binary data`, details);
    case 'malformed':
      return new DeskwireError('invalid_payload', `${what} is not valid JSON`, details);
    case 'no_object':
      return new DeskwireError('invalid_payload', `${what} must be an object`, details);
  }
}

function typeOf(code: ErrorCode): WireError['type'] {
  return isHttpOnly(code) ? HTTP_ONLY[code] : code;
}

function isHttpOnly(code: ErrorCode): code is keyof typeof HTTP_ONLY {
  return Object.hasOwn(HTTP_ONLY, code);
}
