/**
 * Who is behind a token, on the way of every request and socket. A token is verified once and remembered until it expires;
 * what may change at any moment is looked up each time, in memory: whether its session has ended, and the user's role and
 * standing, which are those of the user's own stream whatever the token claims.
 */
import { LRUCache } from 'lru-cache';
import type { Directory } from '../directory/directory.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Revocations } from './revocations.ts';
import { CLOCK_TOLERANCE_SECONDS, type Claims, tokenExpired, unauthorized, type VerifyToken } from './tokens.ts';

const REMEMBERED_TOKENS = 20_000;

export interface Authenticated {
  readonly user: UserFacts;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** Undefined for tokens of an outside provider. */
  readonly sessionId: string | undefined;
  readonly tokenId: string | undefined;
}

/**
 * Answers at once, without a promise, for a token seen before. Throws or rejects with DeskwireError `unauthorized` or
 * `token_expired`.
 */
export type Authenticate = (token: string) => Authenticated | Promise<Authenticated>;

interface Parts {
  readonly verify: VerifyToken;
  readonly directory: Directory;
  readonly revocations: Revocations;
  readonly now: () => number;
  /** Called with the claims of each token when it is first verified. */
  readonly meet?: (claims: Claims) => Promise<void>;
}

export function createAuthenticator({ verify, directory, revocations, now, meet }: Parts): Authenticate {
  const verified = new LRUCache<string, Claims>({ max: REMEMBERED_TOKENS });

  function answer(claims: Claims, user: UserFacts | undefined): Authenticated {
    if (claims.sessionId !== undefined && revocations.has(claims.sessionId)) throw unauthorized();
    if (user === undefined || !user.active) throw unauthorized();
    return { user, expiresAt: claims.expiresAt, sessionId: claims.sessionId, tokenId: claims.tokenId };
  }

  async function firstTime(token: string): Promise<Authenticated> {
    const claims = await verify(token);
    await meet?.(claims);
    verified.set(token, claims);
    return answer(claims, await directory.user(claims.subject));
  }

  return (token) => {
    const claims = verified.get(token);
    if (claims === undefined) return firstTime(token);
    if (now() > claims.expiresAt + CLOCK_TOLERANCE_SECONDS * 1_000) {
      verified.delete(token);
      throw tokenExpired();
    }
    const user = directory.user(claims.subject);
    return user instanceof Promise ? user.then((found) => answer(claims, found)) : answer(claims, user);
  };
}
