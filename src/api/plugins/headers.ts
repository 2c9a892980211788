/**
 * Headers that every answer has: the request id, security headers, CORS for the configured origins, and `no-store`:
 * an answer belongs to the user who asked, unless its route says that caches may keep it.
 */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';
import type { App } from '../app.ts';

/** The API answers with data, never with pages. Set here because helmet would build the header anew for each answer. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** Leaves out the headers that have a meaning for pages only. */
const HELMET = {
  contentSecurityPolicy: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

/** `corsOrigins`: origins whose pages may call; `*` allows any. */
export async function setCommonHeaders(app: App, corsOrigins: readonly string[]): Promise<void> {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'x-request-id': request.id,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'no-store',
    });
    done();
  });
  await app.register(helmet, HELMET);
  const options = {
    origin: corsOrigins.includes('*') ? true : [...corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
    exposedHeaders: ['Deskwire-Epoch', 'Deskwire-Position', 'ETag', 'Location', 'Retry-After', 'X-Request-Id'],
  };
  const other = { ...options, preflight: false };
  await app.register(cors, {
    // Any other OPTIONS is a method that no path has.
    delegator: (request, done) => done(null, isPreflight(request) ? options : other),
  });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  const { origin, 'access-control-request-method': wanted } = headers;
  return method === 'OPTIONS' && origin !== undefined && wanted !== undefined;
}
