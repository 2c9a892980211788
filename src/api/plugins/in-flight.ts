/**
 * Bounds the requests in flight: of all clients together, of each user, of each network, and of requests without a
 * sign-in, which have a share of their own. So a stalled database leads to refusals and not to a growing heap, and no
 * client takes the places of all.
 *
 * A request takes a place when its body has arrived: bodies that arrive have bounds of their own (`body-arrival.ts`).
 * It is refused as `rate_limited` when the share of its user or network is full, and as `unavailable` when all places
 * are taken.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeskwireError } from '../../domain/errors.ts';
import { networkOf } from '../../support/address.ts';
import { createShares } from '../../support/shares.ts';
import type { App } from '../app.ts';
import { userOf } from '../requests.ts';

export interface RequestBounds {
  readonly total: number;
  readonly perUser: number;
  readonly perNetwork: number;
  /** The bound of requests that need no token. */
  readonly anonymous: number;
  readonly anonymousPerNetwork: number;
}

/** The total is more than Postgres answers in a second at its fastest. */
export const REQUEST_BOUNDS: RequestBounds = {
  total: 2_000,
  perUser: 300,
  perNetwork: 1_000,
  anonymous: 500,
  anonymousPerNetwork: 50,
};

export interface InFlight {
  /** Bounds the routes of an instance that need a token. Must follow authentication. */
  boundUsers(app: App): void;
  /** Bounds the routes of an instance that need no token. */
  boundAnonymous(app: App): void;
}

/** Bounds the requests of each network to all routes of an instance. */
export function boundRequests(app: App, bounds: RequestBounds, onRefused: () => void): InFlight {
  const all = createShares(bounds.total);
  const networks = createShares(bounds.perNetwork);
  const users = createShares(bounds.perUser);
  const anonymous = createShares(bounds.anonymous);
  const anonymousNetworks = createShares(bounds.anonymousPerNetwork);

  /** Takes a place in each share until the request is answered or given up. Returns the first share that is full. */
  function take(reply: FastifyReply, places: readonly Place[]): DeskwireError | undefined {
    const taken: Place[] = [];
    const release = () => {
      for (const { shares, owner } of taken) shares.release(owner);
    };
    for (const place of places) {
      if (!place.shares.take(place.owner)) {
        release();
        onRefused();
        return tooMany(place.code);
      }
      taken.push(place);
    }
    // `close` also comes when the client gives the request up.
    reply.raw.once('close', release);
    return undefined;
  }

  app.addHook('onRequest', (request, reply, done) => {
    done(take(reply, [own(networks, networkOf(request.ip))]));
  });

  const everybody: Place = { shares: all, owner: '', code: 'unavailable' };
  const boundBy = (placesOf: (request: FastifyRequest) => readonly Place[]) => (bounded: App) => {
    bounded.addHook('preValidation', (request, reply, done) => done(take(reply, placesOf(request))));
  };
  return {
    boundUsers: boundBy((request) => [own(users, userOf(request).id), everybody]),
    boundAnonymous: boundBy((request) => [
      own(anonymousNetworks, networkOf(request.ip)),
      { shares: anonymous, owner: '', code: 'unavailable' },
      everybody,
    ]),
  };
}

interface Place {
  readonly shares: ReturnType<typeof createShares>;
  readonly owner: string;
  readonly code: 'rate_limited' | 'unavailable';
}

function own(shares: Place['shares'], owner: string): Place {
  return { shares, owner, code: 'rate_limited' };
}

function tooMany(code: Place['code']): DeskwireError {
  return new DeskwireError(code, 'Too many requests at once', { retryAfter: 1 });
}
