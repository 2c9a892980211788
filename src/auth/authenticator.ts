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
  refusalReason,
  tokenExpired,
  unauthorized,
  type VerifyToken,
} from './tokens.ts';

const CACHED_TOKENS = 20_000;
/** Milliseconds after which a token is verified again, because its key may have been withdrawn. */
const RECHECK_MS = 220_000;

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
  /** Whether tokens of this key are valid; without it, tokens are verified again from time to time. */
  readonly hasKey?: (keyId: string) => boolean;
  /** Milliseconds after which a token is verified again. */
  readonly recheckEvery?: number;
  /** Called with the claims of each token after its first verification; the token is refused when this rejects. */
  readonly onVerified?: (claims: Claims) => Promise<void>;
  /** Called with the reason for each token that is refused. */
  readonly onRefused?: (reason: string) => void;
}

interface Verified {
  readonly claims: Claims;
  /** Unix time in milliseconds. */
  readonly at: number;
}

export function createAuthenticator({
  verify,
  directory,
  revocations,
  now,
  hasKey = () => true,
  recheckEvery = RECHECK_MS,
  onVerified,
  onRefused,
}: AuthenticatorDeps): Authenticate {
  const verified = new LRUCache<string, Verified>({ max: CACHED_TOKENS });

  function answer(claims: Claims, user: UserFacts | undefined): Authenticated {
    if (claims.keyId !== undefined && !hasKey(claims.keyId)) throw unauthorized();
    if (claims.sessionId !== undefined && revocations.has(claims.sessionId)) throw unauthorized();
    if (user === undefined || !user.active || hasEnded(claims.startedAt, user)) throw unauthorized();
    return { user, expiresAt: claims.expiresAt, sessionId: claims.sessionId };
  }

  async function verifyNew(token: string): Promise<Authenticated> {
    const at = now();
    const claims = await verify(token);
    await onVerified?.(claims);
    verified.set(token, { claims, at });
    return answer(claims, await directory.user(claims.subject));
  }

  function refused(error: unknown): never {
    const reason = refusalReason(error);
    if (reason !== undefined) onRefused?.(reason);
    throw error;
  }

  return (token) => {
    const known = verified.get(token);
    if (known === undefined || now() - known.at >= recheckEvery) return verifyNew(token).catch(refused);
    const { claims } = known;
    if (now() > claims.expiresAt + CLOCK_TOLERANCE_SECONDS * 1_000) {
      verified.delete(token);
      throw tokenExpired();
    }
    const user = directory.user(claims.subject);
    return user instanceof Promise ? user.then((found) => answer(claims, found)) : answer(claims, user);
  };
}
