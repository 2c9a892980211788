/**
 * Login with a password, refresh with a refresh token, and logout. A refused login does not show whether the email, the
 * password or the account is wrong: answer and work are the same in all three cases.
 */
import type { Directory } from '../directory/directory.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { LoginAttempts } from './attempts.ts';
import type { Credentials } from './credentials.ts';
import type { SigningKeys } from './keys.ts';
import type { RefreshClient } from './refresh-client.ts';
import type { Revocations } from './revocations.ts';
import type { Session, Sessions } from './sessions.ts';
import { ACCESS_TOKEN_SECONDS, signAccessToken } from './tokens.ts';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
  readonly user: UserFacts;
}

export interface Login {
  /** Rejects with `unauthorized` or `rate_limited`. `address` is the client's. */
  login(input: { email: string; password: string; address: string }): Promise<Tokens>;
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
  readonly now: () => number;
  readonly newId: () => string;
}

export function createLogin(deps: LoginDeps): Login {
  const { credentials, attempts, sessions, revocations, directory } = deps;

  async function tokensFor(session: Session, user: UserFacts): Promise<Tokens> {
    const { sessionId, refreshToken } = session;
    const accessToken = await signAccessToken(deps.keys, {
      user,
      sessionId,
      jti: deps.newId(),
      now: deps.now(),
    });
    return { accessToken, refreshToken, expiresIn: ACCESS_TOKEN_SECONDS, user };
  }

  return {
    async login({ email, password, address }) {
      await attempts.count(email, address);
      const userId = await credentials.check(email, password);
      const user = userId === undefined ? undefined : await directory.user(userId);
      if (user === undefined || !user.active) throw wrongLogin();
      await attempts.succeeded(email, address);
      return tokensFor(await sessions.start(user.id), user);
    },

    async refresh(refreshToken, by) {
      const rotation = await sessions.rotate(refreshToken, by);
      if (rotation.outcome === 'reused') revocations.publish(rotation.sessionId);
      if (rotation.outcome !== 'rotated') throw wrongRefreshToken();
      const { session } = rotation;
      const user = await directory.user(session.userId);
      if (user === undefined || !user.active) throw wrongRefreshToken();
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

function wrongLogin(): DeskwireError {
  return new DeskwireError('unauthorized', 'Wrong email or password');
}

function wrongRefreshToken(): DeskwireError {
  return new DeskwireError('unauthorized', 'The refresh token is not valid');
}
