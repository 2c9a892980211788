/** Measures requests and failed authentications, and serves the metrics of the whole process at `/metrics`. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { unauthorized } from '../../auth/tokens.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { sharedRun } from '../../support/shared-run.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { App } from '../app.ts';
import { bearerOf } from '../requests.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Code of the problem that the request was answered with; null when it was not refused. */
    problem: ErrorCode | 'internal' | null;
  }
}

/** Content of `/metrics`, and the token that it requires. */
export interface MetricsPage {
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Bearer token that readers must send; undefined when none is required. */
  readonly token: string | undefined;
}

export function measureRequests(app: App, metrics: Metrics): void {
  app.decorateRequest('problem', null);
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, problem } = request;
    // Only known routes become labels: clients can invent paths, and each would be a time series of its own.
    metrics.requestAnswered(method, routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime);
    if (reply.statusCode === 401) metrics.authenticationFailed('http', problem ?? 'unauthorized');
    done();
  });
}

/** Milliseconds for which a rendering is shown again. */
const KEEP_MS = 1_000;

/** Readers that come together share one rendering. */
export function metricsRoute(app: App, { render, token }: MetricsPage): void {
  const rendered = sharedRun(render, KEEP_MS);
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (token !== undefined && !same(bearerOf(request), token)) throw unauthorized();
    const { contentType, text } = await rendered();
    return reply.header('cache-control', 'no-store').type(contentType).send(text);
  });
}

/** Compares in constant time. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
