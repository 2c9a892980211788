/**
 * Logs one line per answered command; reads only at `debug`. Bodies, tokens and queries are never logged. Fastify's own
 * logging creates a logger for each request, which costs more than many requests themselves.
 */
import type { Logger } from 'pino';
import type { App } from '../app.ts';

export function logRequests(app: App, log: Logger): void {
  if (!log.isLevelEnabled('info')) return;
  app.addHook('onResponse', (request, reply, done) => {
    const read = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS';
    const level = read ? 'debug' : 'info';
    if (log.isLevelEnabled(level)) {
      log[level](
        {
          requestId: request.id,
          method: request.method,
          route: request.routeOptions.url,
          status: reply.statusCode,
          user: request.authenticated?.user.id,
          ms: Math.round(reply.elapsedTime * 10) / 10,
        },
        read ? 'read' : 'command',
      );
    }
    done();
  });
}
