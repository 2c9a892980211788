/** Headers that every answer has: the request id, security headers, and CORS for the configured origins. */
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
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
    reply.header('x-request-id', request.id).header('content-security-policy', CONTENT_SECURITY_POLICY);
    done();
  });
  await app.register(helmet, HELMET);
  await app.register(cors, {
    origin: corsOrigins.includes('*') ? true : [...corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
    exposedHeaders: ['Deskwire-Epoch', 'Deskwire-Position', 'ETag', 'Location', 'Retry-After', 'X-Request-Id'],
  });
}
