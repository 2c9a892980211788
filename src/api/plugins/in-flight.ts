/**
 * A bound on the requests that are being answered, in all of them and of whoever: what is beyond it is refused before it
 * is read, so that a stalled database means refusals and not a growing heap.
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
    // Also of those that the client gives up.
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
    done();
  });
}
