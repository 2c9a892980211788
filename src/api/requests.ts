/** Reads the caller and the headers of commands and reads from a request, and sets the headers of their answers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../application/application.ts';
import type { Auth } from '../auth/auth.ts';
import type { Authenticated } from '../auth/authenticator.ts';
import type { RefreshClient } from '../auth/refresh-client.ts';
import { unauthorized } from '../auth/tokens.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { validTraceparent } from '../telemetry/tracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    authenticated: Authenticated | null;
  }
}

/** A client's or proxy's request id is used only if it is short and harmless in a log. */
const REQUEST_ID = /^[\w.:-]{1,64}$/;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;
const ENTITY_TAG = /^(?:W\/)?"(\d{1,15})"$/;
const POSITION = /^\d{1,15}$/;

export function requestId(headers: Record<string, unknown>, newId: () => string): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
}

/** Hook that refuses a request without a valid bearer token. Continues in the same tick for a token seen before. */
export function requireAuthentication(authenticate: Auth['authenticate']) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    let answer: ReturnType<Auth['authenticate']>;
    try {
      answer = authenticate(bearerOf(request));
    } catch (error) {
      done(error instanceof Error ? error : unauthorized(error));
      return;
    }
    if (answer instanceof Promise) {
      answer.then((authenticated) => {
        request.authenticated = authenticated;
        done();
      }, done);
    } else {
      request.authenticated = answer;
      done();
    }
  };
}

/** The token of `Authorization: Bearer …`. Throws `unauthorized`. */
export function bearerOf(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined || !/^bearer /i.test(header)) throw unauthorized();
  return header.slice(7).trim();
}

/** Throws `unauthorized`. */
export function userOf(request: FastifyRequest): UserFacts {
  if (request.authenticated === null) throw unauthorized();
  return request.authenticated.user;
}

/** Who exchanges a refresh token. Throws `invalid_payload` for a malformed header. */
export function refreshClientOf({ headers, ip }: FastifyRequest): RefreshClient {
  const key = headers['idempotency-key'];
  return { address: ip, userAgent: headers['user-agent'] ?? '', ...(key !== undefined && { key: keyIn(key) }) };
}

/** Undefined for the token of an outside provider. */
export function sessionOf(request: FastifyRequest): string | undefined {
  return request.authenticated?.sessionId;
}

/** Throws `unauthorized`, and `invalid_payload` for a malformed header. */
export function callerOf(request: FastifyRequest): Caller {
  const { headers } = request;
  const key = headers['idempotency-key'];
  const ifMatch = headers['if-match'];
  const traceparent = validTraceparent(headers.traceparent);
  return {
    user: userOf(request),
    correlationId: request.id,
    address: request.ip,
    ...(key !== undefined && { key: keyIn(key) }),
    ...(traceparent !== undefined && { traceparent }),
    // `*` only requires that the resource exists, which every command requires anyway.
    ...(ifMatch !== undefined && ifMatch !== '*' && { ifRevision: versionIn(ifMatch) }),
  };
}

function keyIn(header: string | string[]): string {
  if (typeof header === 'string' && IDEMPOTENCY_KEY.test(header)) return header;
  const problem = 'Idempotency-Key must be 1 to 128 visible ASCII characters';
  throw new DeskwireError('invalid_payload', problem, { field: 'Idempotency-Key' });
}

function versionIn(header: string): number {
  const version = ENTITY_TAG.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw new DeskwireError('invalid_payload', 'If-Match must be one ETag of this resource', { field: 'If-Match' });
}

/** The position that the answer must contain; undefined when the client names none. Throws `invalid_payload`. */
export function minPositionOf(request: FastifyRequest): number | undefined {
  const header = request.headers['deskwire-min-position'];
  if (header === undefined) return undefined;
  if (typeof header === 'string' && POSITION.test(header)) return Number(header);
  const problem = 'Deskwire-Min-Position must be a position of the log';
  throw new DeskwireError('invalid_payload', problem, { field: 'Deskwire-Min-Position' });
}

/** The command's position in the log; 0, which every read contains, when the command recorded nothing. */
export function setPositionHeader(reply: FastifyReply, { position }: { readonly position: number }): void {
  reply.header('deskwire-position', position);
}

/** A ticket's ETag: it changes when the ticket changes, not when somebody reads it or posts an internal note. */
export function revisionOf({ state }: { readonly state: { readonly revision: number } }): { readonly version: number } {
  return { version: state.revision };
}

export function setETag(reply: FastifyReply, { version }: { readonly version: number }): void {
  reply.header('etag', `"${version}"`);
}
