/**
 * Finds the user of a token, for every request and socket. A token is verified once and cached until it expires. Facts
 * that may change at any moment are looked up each time, in memory: whether the session was revoked, and the user's
 * role and activity. These come from the user's own stream, whatever the token claims.
 */
import { LRUCache } from 'lru-cache';
import type { Directory } from '../directory/directory.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Revocations } from './revocations.ts';
import {
  CLOCK_TOLERANCE_SECONDS,
  type Claims,
  hasEnded,
  tokenExpired,
  unauthorized,
  type VerifyToken,
} from './tokens.ts';

const CACHED_TOKENS = 20_000;

export interface Authenticated {
  readonly user: UserFacts;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** Undefined for tokens of an outside provider. */
  readonly sessionId: string | undefined;
}

/**
 * Returns without a promise for a token seen before. Throws or rejects with DeskwireError `unauthorized` or
 * `token_expired`.
 */
export type Authenticate = (token: string) => Authenticated | Promise<Authenticated>;

interface AuthenticatorDeps {
  readonly verify: VerifyToken;
  readonly directory: Directory;
  readonly revocations: Revocations;
  readonly now: () => number;
  /** Called with the claims of each token after its first verification; the token is refused when this rejects. */
  readonly onVerified?: (claims: Claims) => Promise<void>;
}

export function createAuthenticator({
  verify,
  directory,
  revocations,
  now,
  onVerified,
}: AuthenticatorDeps): Authenticate {
  const verified = new LRUCache<string, Claims>({ max: CACHED_TOKENS });

  function answer(claims: Claims, user: UserFacts | undefined): Authenticated {
    if (claims.sessionId !== undefined && revocations.has(claims.sessionId)) throw unauthorized();
    if (user === undefined || !user.active || hasEnded(claims.startedAt, user)) throw unauthorized();
    return { user, expiresAt: claims.expiresAt, sessionId: claims.sessionId };
  }

  async function verifyNew(token: string): Promise<Authenticated> {
    const claims = await verify(token);
    await onVerified?.(claims);
    verified.set(token, claims);
    return answer(claims, await directory.user(claims.subject));
  }

  return (token) => {
    const claims = verified.get(token);
    if (claims === undefined) return verifyNew(token);
    if (now() > claims.expiresAt + CLOCK_TOLERANCE_SECONDS * 1_000) {
      verified.delete(token);
      throw tokenExpired();
    }
    const user = directory.user(claims.subject);
    return user instanceof Promise ? user.then((found) => answer(claims, found)) : answer(claims, user);
  };
}
