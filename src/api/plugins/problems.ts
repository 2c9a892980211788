/**
 * Translates every refusal and failure into a problem (RFC 9457). `code` and `field` are for programs, `detail` is for
 * people; `statusCode` and `message` repeat status and detail under the names that clients of seed A read. Invalid JSON
 * and invalid fields are both 400. A failure that is not the client's fault is never explained to the client.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { asOutage } from '../../application/outage.ts';
import { PROBLEM_TITLES } from '../../contract/problem.ts';
import { DeskwireError, type ErrorCode } from '../../domain/errors.ts';
import type { App } from '../app.ts';
import { UrlTooLong } from './refused-connections.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  unauthorized: 401,
  token_expired: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
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
    /** Statuses of refusals that only this route has; those of its kind of route follow from the other settings. */
    problems?: readonly number[];
    /** The answer has the version of the stream as its ETag; a command also takes it as `If-Match`. */
    etag?: boolean;
    /** The route takes `If-Match` and does not answer with an ETag. */
    ifMatch?: boolean;
    /** The route needs a bearer token. */
    authenticated?: boolean;
    /** The route changes something but records nothing in the log: it takes no idempotency key and has no position. */
    unlogged?: boolean;
    /** Name of the part of a multipart body in which the route takes one file. */
    file?: string;
    /** The route also takes a signed link instead of a token. */
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

export function handleProblems(app: App, log: Logger): void {
  app.setErrorHandler(problemAnswer(log));
}

/** Answers a request with a problem; also for errors that occur before a route is found. */
export function problemAnswer(log: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const refusal = refusalOf(asOutage(error));
    if (refusal.status >= 500 && !isRefusalOfOurs(error)) {
      log.error({ err: error, requestId: request.id, method: request.method, route: request.routeOptions.url });
    }
    return sendProblem(request, reply, refusal);
  };
}

/** An overload is counted by metrics. A log line with a stack for each refusal would add to the load. */
function isRefusalOfOurs(error: unknown): boolean {
  return error instanceof DeskwireError && error.cause === undefined;
}

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
  // A problem may name what only this user may know.
  reply.header('cache-control', 'no-store');
  // Serialized here because the response schemas of a route describe its successes.
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

function nameFor(request: FastifyRequest, field: string): string {
  const names = request.routeOptions.config?.fieldNames;
  return names !== undefined && Object.hasOwn(names, field) ? (names[field] ?? field) : field;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof DeskwireError) {
    const { code, message: detail, field, retryAfter } = error;
    return { status: error instanceof UrlTooLong ? 414 : STATUS[code], code, detail, field, retryAfter };
  }
  return isFastifyError(error) ? frameworkRefusal(error) : INTERNAL;
}

const INTERNAL: Refusal = { status: 500, code: 'internal', detail: 'Something went wrong on our side' };

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}

/** Refusals of Fastify and its plugins, before a handler runs. */
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
