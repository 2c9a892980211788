/**
 * Every refusal and failure as a problem (RFC 9457), in one place. `code` and `field` are for programs, `detail` for
 * people; `statusCode` and `message` repeat status and detail under the names that clients of seed A read. A request that
 * is wrong in itself is 400, whether its JSON or a field is; what is not our client's fault is never explained to them.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { asOutage } from '../../application/outage.ts';
import { PROBLEM_TITLES } from '../../contract/problem.ts';
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  unauthorized: 401,
  token_expired: 401,
  forbidden: 403,
  not_found: 404,
  invalid_payload: 400,
  rate_limited: 429,
  conflict: 409,
  precondition_failed: 412,
  idempotency_key_reused: 422,
  unusable_event_name: 422,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unavailable: 503,
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Fields whose names differ between the application and this route's clients. */
    fieldNames?: Readonly<Record<string, string>>;
    /** Statuses of the refusals that are this route's own; what all routes of its kind may answer is known. */
    problems?: readonly number[];
    /** Answers with the version of a stream as its ETag; a command also takes it as `If-Match`. */
    etag?: boolean;
    /** Takes `If-Match`, and does not answer with an ETag. */
    ifMatch?: boolean;
    /** Needs a token. */
    authenticated?: boolean;
    /** Changes nothing in the log, so that it is not a command there, although it changes something. */
    unlogged?: boolean;
    /** Takes one file, as the part of this name of a multipart body. */
    file?: string;
    /** May be asked with a signed link instead of a token. */
    linked?: boolean;
  }
}

interface Refusal {
  readonly status: number;
  readonly code: ErrorCode | 'internal';
  readonly detail: string;
  readonly field?: string | undefined;
  readonly retryAfter?: number | undefined;
}

export function handleProblems(app: FastifyInstance, log: Logger): void {
  const answer = problemAnswer(log);
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request, reply) => answer(NOTHING_HERE, request, reply));
}

/** Answers a request with what went wrong; also for errors that happen before there is a route. */
export function problemAnswer(log: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const refusal = refusalOf(asOutage(error));
    if (refusal.status >= 500 && !isRefusalOfOurs(error)) {
      log.error({ err: error, requestId: request.id, method: request.method, route: request.routeOptions.url });
    }
    return sendProblem(request, reply, refusal);
  };
}

/** For being full: counted, and not made worse by a line and a stack for each. */
function isRefusalOfOurs(error: unknown): boolean {
  return error instanceof DeskwireError && error.cause === undefined;
}

const NOTHING_HERE = new DeskwireError('not_found', 'There is nothing at this address');

function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, code, detail, retryAfter } = refusal;
  request.problem = code;
  const field = refusal.field === undefined ? undefined : nameFor(request, refusal.field);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  const problem = {
    type: `urn:deskwire:problem:${code}`,
    title: PROBLEM_TITLES[code],
    status,
    detail,
    code,
    requestId: request.id,
    ...(field !== undefined && { field, errors: [{ field, detail }] }),
    ...(retryAfter !== undefined && { retryAfter }),
    statusCode: status,
    message: detail,
  };
  // Serialized here: the response schemas of a route describe its successes.
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

function nameFor(request: FastifyRequest, field: string): string {
  const names = request.routeOptions.config?.fieldNames;
  return names !== undefined && Object.hasOwn(names, field) ? (names[field] ?? field) : field;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof DeskwireError) {
    const { code, message: detail, field, retryAfter } = error;
    return { status: STATUS[code], code, detail, field, retryAfter };
  }
  return isFastifyError(error) ? frameworkRefusal(error) : INTERNAL;
}

const INTERNAL: Refusal = { status: 500, code: 'internal', detail: 'Something went wrong on our side' };

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}

/** What Fastify and its plugins refuse by themselves, before any of our code. */
function frameworkRefusal({ code, statusCode = 500, message }: FastifyError): Refusal {
  if (statusCode === 413) {
    return { status: 413, code: 'payload_too_large', detail: 'The request body is too large' };
  }
  if (statusCode === 415) {
    return { status: 415, code: 'invalid_payload', detail: 'Send application/json', field: 'Content-Type' };
  }
  if (statusCode === 503) return { status: 503, code: 'unavailable', detail: 'Too busy right now', retryAfter: 5 };
  if (statusCode >= 400 && statusCode < 500) {
    const detail = code === 'FST_ERR_BAD_URL' ? 'The address is not valid' : message;
    return { status: statusCode, code: statusCode === 404 ? 'not_found' : 'invalid_payload', detail };
  }
  return INTERNAL;
}
