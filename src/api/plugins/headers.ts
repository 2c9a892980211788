/**
 * Headers that every answer has: the request id, security headers, CORS for the configured origins, and `no-store`:
 * an answer belongs to the user who asked, unless its route says that caches may keep it.
 */
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';
import type { Origins } from '../../support/origins.ts';
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
const CORS: FastifyCorsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  maxAge: 600,
  exposedHeaders: ['Deskwire-Epoch', 'Deskwire-Position', 'ETag', 'Location', 'Retry-After', 'X-Request-Id'],
};

type CorsDone = (error: Error | null, options: FastifyCorsOptions) => void;

/** Pages of other origins than `origins` allows cannot read the answers. They are reported to `onRefused`. */
export async function setCommonHeaders(app: App, origins: Origins, onRefused: (origin: string) => void): Promise<void> {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'x-request-id': request.id,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'no-store',
    });
    done();
  });
  await app.register(helmet, HELMET);
  await app.register(cors, () => (request: FastifyRequest, done: CorsDone) => {
    const { origin, host } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const named = origin !== undefined && origins.lists(origin);
    if (origin !== undefined && !origins.allows({ origin, host: request.host ?? host, site: String(site) })) {
      onRefused(origin);
    }
    // Cookies go along only for origins that are configured by name, never for those that `*` lets in.
    // An OPTIONS request that is no preflight is a method that no path has.
    // A preflight of another origin is answered, too: without the headers that would permit anything.
    const allowed = named || origins.any || [];
    done(null, { ...CORS, origin: allowed, credentials: named, preflight: isPreflight(request) });
  });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  const { origin, 'access-control-request-method': wanted } = headers;
  return method === 'OPTIONS' && origin !== undefined && wanted !== undefined;
}
