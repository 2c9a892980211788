/**
 * Read-your-writes. Every read waits, bounded, until the read models contain what this process has acknowledged: a
 * client that posts and then gets sees its own change without knowing positions. When the wait is over, the read is
 * answered from what there is. A client that names a position (`Deskwire-Min-Position`) gets an answer with it, or a
 * refusal.
 *
 * A read that waits keeps its place among the requests. So the waits of each user and of the process are bounded, and a
 * position that the log has not reached is not waited for: nobody was told of it. A wait holds no database connection.
 *
 * `Deskwire-Epoch` names the history in which the versions of the answer count, so that the client can follow the
 * resource over a socket.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inboxEpoch, viewEpoch } from '../../application/view-epoch.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { createBatcher } from '../../support/batcher.ts';
import { createShares } from '../../support/shares.ts';
import type { App } from '../app.ts';
import { minPositionOf, userOf } from '../requests.ts';

const NAMED_POSITION_MS = 5_000;
/** Read models are seldom further behind. Only a longer wait asks the log whether the position exists. */
const USUAL_LAG_MS = 100;

export const WAIT_LIMITS = { perUser: 50, total: 500 };

export interface WaitDeps {
  /** Resolves with whether the read models contain the position within this time. */
  readonly waitFor: (position: number, timeoutMs: number) => Promise<boolean>;
  /** The newest position of the log, read from the database. */
  readonly head: () => Promise<number>;
  readonly limits: { readonly perUser: number; readonly total: number };
  onRefused(): void;
}

/**
 * Waits for the position that a read names, if it names one. Rejects with `unavailable` when the position does not come
 * in time or too many reads wait, and with `rate_limited` when too many reads of the user wait.
 */
export type AwaitPosition = (request: FastifyRequest) => Promise<void>;

export function createPositionWaits({ waitFor, head, limits, onRefused }: WaitDeps): AwaitPosition {
  const users = createShares(limits.perUser);
  const all = createShares(limits.total);
  // Many waits cost one query. Each gets a head that was read after it asked.
  const newest = createBatcher<number, number>(
    async (positions) => {
      const position = await head();
      return positions.map(() => position);
    },
    { size: limits.total, concurrency: 1 },
  );

  async function reached(position: number): Promise<boolean> {
    if (await waitFor(position, USUAL_LAG_MS)) return true;
    if (position > (await newest(position))) return false;
    return waitFor(position, NAMED_POSITION_MS - USUAL_LAG_MS);
  }

  function refuse(code: 'rate_limited' | 'unavailable'): never {
    onRefused();
    throw new DeskwireError(code, 'Too many reads wait for a position', { retryAfter: 1 });
  }

  return async (request) => {
    const wanted = minPositionOf(request);
    if (wanted === undefined) return;
    const { id } = userOf(request);
    if (!users.take(id)) refuse('rate_limited');
    try {
      if (!all.take('')) refuse('unavailable');
      try {
        if (await reached(wanted)) return;
      } finally {
        all.release('');
      }
    } finally {
      users.release(id);
    }
    throw new DeskwireError('unavailable', `Position ${wanted} is not there yet`, { retryAfter: 1 });
  };
}

/** Makes the reads of an instance wait for the position that they name, and for what this process has acknowledged. */
export function awaitWrites(app: App, awaitPosition: AwaitPosition, settle: () => Promise<void>): void {
  app.addHook('preHandler', async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return;
    await awaitPosition(request);
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

/** Makes the epoch of the answer that of an inbox from which this number of notifications has left. */
export function sendInboxEpoch(reply: FastifyReply, removed: number): void {
  reply.header('deskwire-epoch', inboxEpoch(String(reply.getHeader('deskwire-epoch')), removed));
}
