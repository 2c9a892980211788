/** Limits the requests of each user; counted after authentication, because the user is the key. */
import rateLimit from '@fastify/rate-limit';
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';
import { userOf } from '../requests.ts';

/** `perMinute`: requests per user; no limit when undefined. */
export async function limitRequests(app: App, perMinute: number | undefined): Promise<void> {
  if (perMinute === undefined) return;
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    hook: 'preHandler',
    keyGenerator: (request) => userOf(request).id,
    errorResponseBuilder: (_request, { ttl }) =>
      new DeskwireError('rate_limited', 'Too many requests', { retryAfter: Math.ceil(ttl / 1_000) }),
  });
}
