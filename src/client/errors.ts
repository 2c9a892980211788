/** What can go wrong, as one class with a stable `code`: the server's own codes, and a few that only a client knows. */
import type { ErrorCode as ServerCode } from '../domain/errors.ts';

export type ErrorCode =
  | ServerCode
  /** The server failed in a way that it did not foresee. */
  | 'internal'
  /** The server could not be reached, or did not answer in time: whether it did what was asked is not known. */
  | 'unreachable'
  /** What was answered is not Deskwire's: a proxy's page, say. */
  | 'bad_answer'
  /** The token function failed, or there is no valid token any more. */
  | 'no_token'
  /** The token is of another user than the one this client began with. */
  | 'another_user'
  /** The client, or what was asked of it, was closed meanwhile. */
  | 'closed'
  /** Asked of a ticket that this client does not follow. */
  | 'not_followed';

export class DeskwireError extends Error {
  override readonly name = 'DeskwireError';
  readonly code: ErrorCode;
  /** The field that is wrong, as the request named it. */
  readonly field: string | undefined;
  /** Seconds after which trying again makes sense, when the server said so. */
  readonly retryAfter: number | undefined;
  /** Of the HTTP answer, when it was one. */
  readonly status: number | undefined;
  /** To tell the operators of the server. */
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

/** Whether the same request may well succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof DeskwireError && PASSING.has(error.code);
}

/** What a socket or a problem says: `type` and `code` are the same thing there. */
export interface Told {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
  readonly field?: unknown;
  readonly retryAfter?: unknown;
  readonly requestId?: unknown;
}

export function errorFrom(told: Told, status?: number): DeskwireError {
  const code = typeof told.code === 'string' ? told.code : told.type;
  const message = told.detail ?? told.message;
  return new DeskwireError(
    typeof code === 'string' ? (code as ErrorCode) : 'internal',
    typeof message === 'string' ? message : 'Refused without a reason',
    {
      status,
      field: typeof told.field === 'string' ? told.field : undefined,
      retryAfter: typeof told.retryAfter === 'number' ? told.retryAfter : undefined,
      requestId: typeof told.requestId === 'string' ? told.requestId : undefined,
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
