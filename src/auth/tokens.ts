/**
 * Access tokens: signs ours, and verifies ours or those of an outside identity provider. Verification proves who issued
 * a token and for which user. The user's own stream decides what its bearer may do, never the claims of the token.
 */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './keys.ts';

/** Seconds that an access token is valid. A logout revokes it at once, so it need not be short. */
export const ACCESS_TOKEN_SECONDS = 3_600;
/** Seconds by which the clocks of issuer and verifier may differ. */
export const CLOCK_TOLERANCE_SECONDS = 5;
/** Characters. Longer tokens are refused without parsing. */
const MAX_TOKEN_LENGTH = 8_192;
/** Asymmetric algorithms only: `none` needs no key, and with HMAC anyone could sign with the public key. */
const OUTSIDE_ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
];
const ISSUER = 'deskwire';
/** Claim of our own tokens: the start of their session, Unix time in milliseconds. */
const SESSION_START = 'sst';

export interface Claims {
  readonly subject: string;
  /** The session that the token belongs to; undefined for tokens of an outside provider. */
  readonly sessionId: string | undefined;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
  /** Unix time in milliseconds; 0 when the token does not say. */
  readonly issuedAt: number;
  /** Unix time in milliseconds at which the session of the token started, or the token was issued. */
  readonly startedAt: number;
  readonly role: unknown;
  readonly name: unknown;
  readonly email: unknown;
  readonly vendorId: unknown;
}

/** Rejects with DeskwireError `unauthorized` or `token_expired`. */
export type VerifyToken = (token: string) => Promise<Claims>;

export async function signAccessToken(
  keys: SigningKeys,
  input: { user: UserFacts; sessionId: string; startedAt: number; jti: string; now: number },
): Promise<string> {
  const { user } = input;
  const issuedAt = Math.floor(input.now / 1_000);
  return new SignJWT({
    role: user.role,
    name: user.name,
    sid: input.sessionId,
    [SESSION_START]: input.startedAt,
    ...(user.email !== undefined && { email: user.email }),
    ...(user.vendorId !== undefined && { vendorId: user.vendorId }),
  })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: keys.kid, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setSubject(user.id)
    .setJti(input.jti)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
    .sign(keys.privateKey);
}

export function ownTokens(keys: SigningKeys, now: () => number): VerifyToken {
  return verifierOf(keys.publicKeyOf, { issuer: ISSUER, audience: ISSUER, algorithms: [SIGNING_ALGORITHM] }, now);
}

export function outsideTokens(
  provider: { jwksUrl: string; issuer: string; audience: string },
  now: () => number,
): VerifyToken {
  const { issuer, audience } = provider;
  const keys = unavailableOnFailure(createRemoteJWKSet(new URL(provider.jwksUrl)));
  return verifierOf(keys, { issuer, audience, algorithms: OUTSIDE_ALGORITHMS }, now);
}

function verifierOf(
  keys: JWTVerifyGetKey,
  expected: { issuer: string; audience: string; algorithms: string[] },
  now: () => number,
): VerifyToken {
  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) throw unauthorized();
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...expected,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now()),
        requiredClaims: ['sub', 'exp'],
      });
      return claimsOf(payload);
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

function claimsOf(payload: JWTPayload): Claims {
  const { sub, exp, iat, sid, [SESSION_START]: start } = payload;
  if (sub === undefined || sub === '' || exp === undefined) throw unauthorized();
  return {
    subject: sub,
    sessionId: typeof sid === 'string' ? sid : undefined,
    expiresAt: exp * 1_000,
    issuedAt: (iat ?? 0) * 1_000,
    startedAt: typeof start === 'number' ? start : (iat ?? 0) * 1_000 + 999,
    role: payload.role,
    name: payload.name,
    email: payload.email,
    vendorId: payload.vendorId,
  };
}

/**
 * Whether what started at this time ended when its user was deactivated. The time of the deactivation is in the user's
 * stream, so this holds by whatever way the user was deactivated, on every node, and after every activation.
 */
export function hasEnded(startedAt: number, { deactivatedAt }: UserFacts): boolean {
  return deactivatedAt !== undefined && startedAt <= deactivatedAt;
}

export function unauthorized(cause?: unknown): DeskwireError {
  return new DeskwireError('unauthorized', 'Authentication required', { cause });
}

export function tokenExpired(cause?: unknown): DeskwireError {
  return new DeskwireError('token_expired', 'The token has expired', { cause });
}

function refusalOf(error: unknown): DeskwireError {
  if (error instanceof DeskwireError) return error;
  return error instanceof errors.JWTExpired ? tokenExpired(error) : unauthorized(error);
}

/**
 * Turns a failure to load the provider's keys into `unavailable`: it is not the client's fault, and a retry may work.
 */
function unavailableOnFailure(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      throw new DeskwireError('unavailable', 'The identity provider cannot be reached', { retryAfter: 5, cause });
    }
  };
}
