/**
 * Access tokens: signs ours, and verifies ours or those of an outside identity provider. Verification proves who issued
 * a token and for which user. The user's own stream decides what its bearer may do, never the claims of the token.
 */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { ACCESS_TOKEN_SECONDS, SIGNING_ALGORITHM, type SigningKey, type SigningKeys } from './keys.ts';

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
/** Types that an access token may have; RFC 9068 names the second. */
const ACCESS_TOKEN_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt']);
/** The same in the claim `typ` or `token_use`, which some providers set. */
const ACCESS_TOKEN_USES: ReadonlySet<string> = new Set(['bearer', 'access', 'at+jwt', 'jwt']);
/** Claims that only an ID token has. Source: OpenID Connect Core. */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'];
/** Milliseconds that the keys of a provider are kept; with `RECHECK_MS` of the authenticator, five minutes at most. */
const KEYS_MS = 60_000;
const UNSUITABLE = Symbol('unsuitable');
/** Claim of our own tokens: the start of their session, Unix time in milliseconds. */
const SESSION_START = 'sst';

export interface Claims {
  readonly subject: string;
  /** The key that signed the token, as the token names it. */
  readonly keyId: string | undefined;
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
  key: SigningKey,
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
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: key.kid, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setSubject(user.id)
    .setJti(input.jti)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
    .sign(key.privateKey);
}

export function ownTokens(keys: SigningKeys, now: () => number): VerifyToken {
  return verifierOf(keys.publicKeyOf, { issuer: ISSUER, audience: ISSUER, algorithms: [SIGNING_ALGORITHM] }, now);
}

export function outsideTokens(
  provider: { jwksUrl: string; issuer: string; audience: string; maxTokenAge: number; recheckEvery?: number },
  now: () => number,
): VerifyToken {
  const { issuer, audience } = provider;
  const keys = unavailableOnFailure(
    createRemoteJWKSet(new URL(provider.jwksUrl), {
      cacheMaxAge: Math.min(KEYS_MS, provider.recheckEvery ?? KEYS_MS),
    }),
  );
  const expected = { issuer, audience, algorithms: OUTSIDE_ALGORITHMS };
  return verifierOf(keys, expected, now, provider.maxTokenAge);
}

function verifierOf(
  keys: JWTVerifyGetKey,
  expected: { issuer: string; audience: string; algorithms: string[] },
  now: () => number,
  maxTokenAge?: number,
): VerifyToken {
  return async (token) => {
    if (token.length > MAX_TOKEN_LENGTH) throw unsuitable('too long');
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        ...expected,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now()),
        requiredClaims: ['sub', 'exp'],
      });
      requireAccessToken(protectedHeader.typ, payload);
      return { keyId: protectedHeader.kid, ...claimsOf(payload, now(), maxTokenAge) };
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

function requireAccessToken(type: unknown, payload: JWTPayload): void {
  if (type !== undefined && !(typeof type === 'string' && ACCESS_TOKEN_TYPES.has(type.toLowerCase()))) {
    throw unsuitable('typ');
  }
  for (const use of [payload.typ, payload.token_use]) {
    if (typeof use === 'string' && !ACCESS_TOKEN_USES.has(use.toLowerCase())) throw unsuitable('not an access token');
  }
  if (ID_TOKEN_CLAIMS.some((claim) => claim in payload)) throw unsuitable('an ID token');
}

/** `maxAge`: milliseconds that a token lives after its time of issue, at most. */
function claimsOf(payload: JWTPayload, now: number, maxAge?: number): Omit<Claims, 'keyId'> {
  const { exp, iat, sid, [SESSION_START]: start } = payload;
  const subject = subjectOf(payload.sub);
  if (exp === undefined) throw unsuitable('no exp');
  if (iat !== undefined && iat * 1_000 > now + CLOCK_TOLERANCE_SECONDS * 1_000) throw unsuitable('iat in the future');
  const issuedAt = Math.floor((iat ?? 0) * 1_000);
  const expiresAt = Math.floor(exp * 1_000);
  const ends = maxAge === undefined || iat === undefined ? expiresAt : Math.min(expiresAt, issuedAt + maxAge);
  if (maxAge !== undefined && iat === undefined && expiresAt > now + maxAge) throw unsuitable('no iat, and too long');
  if (ends + CLOCK_TOLERANCE_SECONDS * 1_000 <= now) throw tokenExpired();
  return {
    subject,
    sessionId: typeof sid === 'string' ? sid : undefined,
    expiresAt: ends,
    issuedAt,
    // A time in whole seconds may be nearly a second later than it says.
    startedAt: typeof start === 'number' ? start : Number.isInteger(iat ?? 0.5) ? issuedAt + 999 : issuedAt,
    role: payload.role,
    name: payload.name,
    email: payload.email,
    vendorId: payload.vendorId,
  };
}

/** A number is its decimal text, unless a double cannot hold it: then it may be the id of somebody else. */
function subjectOf(subject: unknown): string {
  if (typeof subject === 'number' && Number.isSafeInteger(subject)) return String(subject);
  if (typeof subject !== 'string' || subject === '') throw unsuitable('no subject');
  return subject;
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

function unsuitable(reason: string): DeskwireError {
  return unauthorized({ [UNSUITABLE]: reason });
}

/** Why a token was refused, in a few words without anything of the token; undefined for other errors. */
export function refusalReason(error: unknown): string | undefined {
  if (!(error instanceof DeskwireError)) return undefined;
  if (error.code === 'token_expired') return 'expired';
  if (error.code !== 'unauthorized') return undefined;
  const { cause } = error;
  if (typeof cause === 'object' && cause !== null && UNSUITABLE in cause) return String(cause[UNSUITABLE]);
  if (cause instanceof errors.JWTClaimValidationFailed) return `claim ${cause.claim}`;
  if (cause instanceof errors.JOSEError) return cause.code;
  return 'no such user, or signed out';
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
