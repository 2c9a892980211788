/** What the API tells of itself: how long each request took, who was turned away, and the metrics of the whole process. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { unauthorized } from '../../auth/tokens.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { App } from '../app.ts';
import { bearerOf } from '../requests.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** With which problem it was answered, if it was. */
    problem: ErrorCode | 'internal' | null;
  }
}

/** What `/metrics` answers with, and to whom. */
export interface MetricsPage {
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Bearer token that whoever reads it must have; undefined for none. */
  readonly token: string | undefined;
}

export function measureRequests(app: App, metrics: Metrics): void {
  app.decorateRequest('problem', null);
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, problem } = request;
    // Clients may make up addresses, and methods; each would be a time series of its own.
    metrics.requestAnswered(method, routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime);
    if (reply.statusCode === 401) metrics.authenticationFailed('http', problem ?? 'unauthorized');
    done();
  });
}

export function metricsRoute(app: App, { render, token }: MetricsPage): void {
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (token !== undefined && !same(bearerOf(request), token)) throw unauthorized();
    const { contentType, text } = await render();
    return reply.header('cache-control', 'no-store').type(contentType).send(text);
  });
}

/** Takes the same time whatever differs. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
