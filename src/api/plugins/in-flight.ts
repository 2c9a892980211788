/**
 * Bounds the requests in flight, of all users together. A request above the bound is refused before its body is read,
 * so that a stalled database leads to refusals and not to a growing heap.
 */
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';

export function boundRequests(app: App, most: number, onRefused: () => void): void {
  let inFlight = 0;
  app.addHook('onRequest', (_request, reply, done) => {
    if (inFlight >= most) {
      onRefused();
      done(new DeskwireError('unavailable', 'Too many requests at once', { retryAfter: 1 }));
      return;
    }
    inFlight += 1;
    // `close` also comes when the client gives the request up.
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
    done();
  });
}
