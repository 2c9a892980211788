/**
 * Reads that show what was written before. Every read waits a moment for whatever this process has acknowledged, so that
 * a client which posts and then gets sees its own doing without knowing of positions; when that takes too long it is
 * served what there is. A client that names a position (`Deskwire-Min-Position`) gets it, or a refusal.
 */
import type { FastifyRequest } from 'fastify';
import { DeskwireError } from '../domain/errors.ts';
import type { ProjectionWaiter } from '../projections/queries.ts';
import { minPositionOf } from './requests.ts';

const NAMED_POSITION_MS = 5_000;

/** Hook for reads. Rejects with `unavailable` when a position that the client named is not there in time. */
export function awaitWrites(
  waiter: ProjectionWaiter,
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
