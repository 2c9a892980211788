/**
 * Read-your-writes. Every read waits, bounded, until the read models contain what this process has acknowledged: a
 * client that posts and then gets sees its own change without knowing positions. When the wait is over, the read is
 * answered from what there is. A client that names a position (`Deskwire-Min-Position`) gets an answer with it, or a
 * refusal.
 *
 * `Deskwire-Epoch` names the history in which the versions of the answer count, so that the client can follow the
 * resource over a socket.
 */
import type { ApplicationDeps } from '../../application/application.ts';
import { viewEpoch } from '../../application/view-epoch.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';
import { minPositionOf, userOf } from '../requests.ts';

const NAMED_POSITION_MS = 5_000;

/** Refuses a read with `unavailable` when the position that the client named is not there in time. */
export function awaitWrites(app: App, waiter: ApplicationDeps['waiter'], settle: () => Promise<void>): void {
  app.addHook('preHandler', async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return;
    const wanted = minPositionOf(request);
    if (wanted !== undefined && !(await waiter.waitFor(wanted, NAMED_POSITION_MS))) {
      throw new DeskwireError('unavailable', `Position ${wanted} is not there yet`, { retryAfter: 1 });
    }
    await settle();
  });
}

/** Adds `Deskwire-Epoch` to reads. Must follow authentication: the view epoch depends on the user. */
export function sendEpoch(app: App, epoch: () => string): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      reply.header('deskwire-epoch', viewEpoch(epoch(), userOf(request)));
    }
    done();
  });
}
