/** One error class with a stable `code`: the server's codes, and a few that only a client has. */
import type { ErrorCode as ServerCode } from '../domain/errors.ts';

export type ErrorCode =
  | ServerCode
  /** The server failed unexpectedly. */
  | 'internal'
  /** The server could not be reached, or did not answer in time. The request may have been carried out. */
  | 'unreachable'
  /** The answer is not Deskwire's: a proxy's page, say. */
  | 'bad_answer'
  /** The token function failed, or there is no valid token any more. */
  | 'no_token'
  /** The token belongs to another user than the first token of this client. */
  | 'another_user'
  /** The client, or the handle, was closed meanwhile. */
  | 'closed'
  /** The request needs a ticket that this client follows, and it does not follow this one. */
  | 'not_followed';

export class DeskwireError extends Error {
  override readonly name = 'DeskwireError';
  readonly code: ErrorCode;
  /** The invalid field, as the request named it. */
  readonly field: string | undefined;
  /** Seconds after which to try again, when the server said so. */
  readonly retryAfter: number | undefined;
  /** The status of the HTTP answer, when there was one. */
  readonly status: number | undefined;
  /** For the operators of the server, who find the request in the log by it. */
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.retryAfter = details.retryAfter;
    this.status = details.status;
    this.requestId = details.requestId;
  }
}

interface ErrorDetails {
  readonly field?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'unreachable',
  'rate_limited',
  'unavailable',
  'internal',
  'bad_answer',
]);

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof DeskwireError && PASSING.has(error.code);
}

/** An error as a socket (`code`, `message`) or an HTTP problem (`type`, `detail`) describes it. */
export interface ServerError {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
  readonly field?: unknown;
  readonly retryAfter?: unknown;
  readonly requestId?: unknown;
}

export function errorFrom(details: ServerError, status?: number): DeskwireError {
  const code = typeof details.code === 'string' ? details.code : details.type;
  const message = details.detail ?? details.message;
  return new DeskwireError(
    typeof code === 'string' ? (code as ErrorCode) : 'internal',
    typeof message === 'string' ? message : 'Refused without a reason',
    {
      status,
      field: typeof details.field === 'string' ? details.field : undefined,
      retryAfter: typeof details.retryAfter === 'number' ? details.retryAfter : undefined,
      requestId: typeof details.requestId === 'string' ? details.requestId : undefined,
    },
  );
}

export function asError(thrown: unknown): DeskwireError {
  if (thrown instanceof DeskwireError) return thrown;
  return new DeskwireError('unreachable', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

export function closedError(cause?: unknown): DeskwireError {
  return new DeskwireError('closed', 'The client was closed', { cause });
}
