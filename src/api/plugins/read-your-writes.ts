/**
 * Reads that show what was written before. Every read waits a moment for whatever this process has acknowledged, so that
 * a client which posts and then gets sees its own doing without knowing of positions; when that takes too long it is
 * served what there is. A client that names a position (`Deskwire-Min-Position`) gets it, or a refusal. What it gets it may
 * keep current over a socket: the answer says in which history its versions count (`Deskwire-Epoch`).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApplicationDeps } from '../../application/application.ts';
import { viewEpoch } from '../../application/view-epoch.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { minPositionOf, userOf } from '../requests.ts';

const NAMED_POSITION_MS = 5_000;

/** Hook for reads. Rejects with `unavailable` when a position that the client named is not there in time. */
export function awaitWrites(
  waiter: ApplicationDeps['waiter'],
  settle: () => Promise<void>,
): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return;
    const wanted = minPositionOf(request);
    if (wanted !== undefined && !(await waiter.waitFor(wanted, NAMED_POSITION_MS))) {
      throw new DeskwireError('unavailable', `Position ${wanted} is not there yet`, { retryAfter: 1 });
    }
    await settle();
  };
}

/** Hook for reads, after authentication: the user is the one that the answer is for. */
export function tellEpoch(epoch: () => string) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      reply.header('deskwire-epoch', viewEpoch(epoch(), userOf(request)));
    }
    done();
  };
}
