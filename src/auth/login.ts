/**
 * Login with a password, refresh with a refresh token, and logout. A refused login does not show whether the email, the
 * password or the account is wrong: answer and work are the same in all three cases.
 */
import type { Directory } from '../directory/directory.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Attempt, LoginAttempts } from './attempts.ts';
import type { Credentials } from './credentials.ts';
import { ACCESS_TOKEN_SECONDS, type SigningKeys } from './keys.ts';
import type { RefreshClient } from './refresh-client.ts';
import type { Revocations } from './revocations.ts';
import type { Origin, Session, Sessions } from './sessions.ts';
import { hasEnded, signAccessToken } from './tokens.ts';
import type { Trail } from './trail.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
  readonly user: UserFacts;
}

export interface Login {
  /** Rejects with `unauthorized` or `rate_limited`. `address` is the client's. */
  login(input: { email: string; password: string; address: string } & Origin): Promise<Tokens>;
  /**
   * Rejects with `unauthorized`. A token that was used before ends its session, unless `by` repeats a refresh whose
   * answer was lost.
   */
  refresh(refreshToken: string, by: RefreshClient): Promise<Tokens>;
  logout(sessionId: string): Promise<void>;
  /** For a client whose access token has expired. An unknown refresh token is ignored. */
  logoutWith(refreshToken: string): Promise<void>;
  /** Ends every session of a user, so that their old tokens stay invalid when the user is activated again. */
  logoutEverywhere(userId: string): Promise<void>;
}

interface LoginDeps {
  readonly credentials: Credentials;
  readonly attempts: LoginAttempts;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly keys: SigningKeys;
  readonly directory: Directory;
  readonly trail: Trail;
  readonly now: () => number;
  readonly newId: () => string;
}

export function createLogin(deps: LoginDeps): Login {
  const { credentials, attempts, sessions, revocations, directory, trail } = deps;

  async function tokensFor(session: Session, user: UserFacts): Promise<Tokens> {
    const { sessionId, refreshToken, startedAt } = session;
    const accessToken = await signAccessToken(deps.keys.current, {
      user,
      sessionId,
      startedAt,
      jti: deps.newId(),
      now: deps.now(),
    });
    return { accessToken, refreshToken, expiresIn: ACCESS_TOKEN_SECONDS, user };
  }

  async function beginAttempt(email: string, address: string): Promise<Attempt> {
    try {
      return await attempts.begin(email, address);
    } catch (error) {
      const reason = 'too many attempts';
      trail.record({ activity: 'sign_in_refused', userId: await credentials.userOf(email), address, reason });
      throw error;
    }
  }

  return {
    async login({ email, password, address, device }) {
      const attempt = await beginAttempt(email, address);
      const userId = await credentials.check(email, password);
      const user = userId === undefined ? undefined : await directory.user(userId);
      if (user === undefined || !user.active) {
        const [activity, reason] = userId === undefined ? (['sign_in_failed'] as const) : DEACTIVATED;
        trail.record({ activity, userId: userId ?? (await credentials.userOf(email)), address, reason });
        throw wrongLogin();
      }
      await attempt.succeeded();
      const session = await sessions.start(user.id, { address, device });
      const { sessionId } = session;
      trail.record({ activity: 'signed_in', userId: user.id, address, device, sessionId });
      return tokensFor(session, user);
    },

    async refresh(refreshToken, by) {
      const rotation = await sessions.rotate(refreshToken, by);
      if (rotation.outcome === 'reused') {
        const { sessionId, userId } = rotation;
        revocations.publish(sessionId);
        trail.record({ activity: 'refresh_token_reused', userId, sessionId });
      }
      if (rotation.outcome !== 'rotated') throw wrongRefreshToken();
      const { session } = rotation;
      const user = await directory.user(session.userId);
      if (user === undefined || !user.active || hasEnded(session.startedAt, user)) throw wrongRefreshToken();
      return tokensFor(session, user);
    },

    logout: (sessionId) => revocations.revoke(sessionId),

    async logoutWith(refreshToken) {
      const sessionId = await sessions.sessionOf(refreshToken);
      if (sessionId !== undefined) await revocations.revoke(sessionId);
    },

    async logoutEverywhere(userId) {
      for (const sessionId of await sessions.revokeAll(userId)) revocations.publish(sessionId);
    },
  };
}

const DEACTIVATED = ['sign_in_refused', 'deactivated'] as const;

function wrongLogin(): DeskwireError {
  return new DeskwireError('unauthorized', 'Wrong email or password');
}

function wrongRefreshToken(): DeskwireError {
  return new DeskwireError('unauthorized', 'The refresh token is not valid');
}
