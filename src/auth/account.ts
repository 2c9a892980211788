/**
 * The user's own account: change the password, replace a forgotten one, list and end sessions. A new password ends the
 * other sessions, because one of them may be an intruder's.
 *
 * A request for a reset is answered before the email is looked up, so that neither the answer nor its time shows
 * whether a user has the email. `PasswordMail` sends the link; without it, only admins give links to users.
 */
import type { Logger } from 'pino';
import type { Directory } from '../directory/directory.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { LoginAttempts } from './attempts.ts';
import type { Credentials } from './credentials.ts';
import type { PasswordReset, PasswordResets } from './password-resets.ts';
import { requireGoodPassword } from './password-rules.ts';
import type { Revocations } from './revocations.ts';
import type { ListedSession, Sessions } from './sessions.ts';
import type { Trail } from './trail.ts';

/** Sends a link that sets a password. The mail channel implements it. The token in it is a secret: never log it. */
export interface PasswordMail {
  send(mail: { readonly user: UserFacts; readonly email: string } & PasswordReset): Promise<void>;
}

/** Requests for a reset that are looked up at the same time. Further ones are dropped, as for an unknown email. */
const MAX_REQUESTS = 100;

export interface Account {
  /**
   * Sets another password and ends all sessions but `sessionId`. Rejects with `forbidden` when the current password is
   * wrong, `invalid_payload` for a bad new one, `rate_limited`.
   */
  changePassword(input: {
    readonly user: UserFacts;
    readonly sessionId: string | undefined;
    readonly currentPassword: string;
    readonly newPassword: string;
    readonly address: string;
  }): Promise<void>;
  /** Sends a link to the user with this email, if there is one. Returns at once. */
  requestReset(email: string, address: string): void;
  /** A link for a user, which an admin gives to the user. Rejects with `conflict` for a user who cannot sign in. */
  issueReset(user: UserFacts, by: UserFacts): Promise<PasswordReset>;
  /** Sets the password and ends all sessions. Rejects with `invalid_payload`. */
  confirmReset(input: {
    readonly token: string;
    readonly newPassword: string;
    readonly address: string;
  }): Promise<void>;
  sessions(userId: string): Promise<ListedSession[]>;
  /** Rejects with `not_found`. */
  endSession(userId: string, sessionId: string): Promise<void>;
  /** Resolves when all requests for a reset are finished. */
  close(): Promise<void>;
}

interface AccountDeps {
  readonly credentials: Credentials;
  readonly attempts: LoginAttempts;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly resets: PasswordResets;
  readonly directory: Directory;
  readonly trail: Trail;
  readonly mail?: PasswordMail | undefined;
  readonly log: Logger;
}

export function createAccount(deps: AccountDeps): Account {
  const { credentials, attempts, sessions, revocations, resets, directory, trail, mail, log } = deps;
  const requests = new Set<Promise<void>>();

  async function sendLink(mailer: PasswordMail, email: string, address: string): Promise<void> {
    if (!(await attempts.mayRequestReset(email, address))) return;
    const userId = await credentials.userOf(email);
    const user = userId === undefined ? undefined : await directory.user(userId);
    if (user === undefined || !user.active) return;
    await mailer.send({ user, email, ...(await resets.issue(user.id)) });
    trail.record({ activity: 'password_reset_issued', userId: user.id, address });
  }

  return {
    async changePassword({ user, sessionId, currentPassword, newPassword, address }) {
      const email = await credentials.emailOf(user.id);
      if (email === undefined) throw new DeskwireError('conflict', 'This account has no password');
      requireGoodPassword(newPassword, 'newPassword', email);
      const attempt = await attempts.begin(email, address);
      if ((await credentials.check(email, currentPassword)) !== user.id) {
        trail.record({ activity: 'password_change_failed', userId: user.id, address, sessionId });
        throw new DeskwireError('forbidden', 'The current password is wrong', { field: 'currentPassword' });
      }
      await attempt.succeeded();
      await credentials.set({ userId: user.id, email, password: newPassword });
      await resets.withdraw(user.id);
      for (const ended of await sessions.revokeOthers(user.id, sessionId ?? '')) revocations.publish(ended);
      trail.record({ activity: 'password_changed', userId: user.id, address, sessionId });
    },

    requestReset(email, address) {
      if (mail === undefined || requests.size >= MAX_REQUESTS) return;
      const request = sendLink(mail, email, address)
        .catch((error: unknown) => log.warn({ err: error }, 'cannot send a link for a new password'))
        .finally(() => requests.delete(request));
      requests.add(request);
    },

    async issueReset(user, by) {
      if (!user.active) throw new DeskwireError('conflict', 'This account is deactivated');
      const email = (await credentials.emailOf(user.id)) ?? user.email;
      if (email === undefined) throw new DeskwireError('conflict', 'This user has no email to sign in with');
      const reset = await resets.issue(user.id);
      trail.record({ activity: 'password_reset_issued', userId: user.id, by });
      return reset;
    },

    async confirmReset({ token, newPassword, address }) {
      const userId = await resets.userOf(token);
      const user = userId === undefined ? undefined : await directory.user(userId);
      if (user === undefined || !user.active) throw unusableToken();
      const email = (await credentials.emailOf(user.id)) ?? user.email;
      if (email === undefined) throw unusableToken();
      // The check comes before the token is used up, so that a bad password leaves it valid.
      requireGoodPassword(newPassword, 'newPassword', email);
      if (!(await resets.use(token))) throw unusableToken();
      if ((await credentials.set({ userId: user.id, email, password: newPassword })) === 'email_taken') {
        throw new DeskwireError('conflict', 'Somebody signs in with this email already');
      }
      await resets.withdraw(user.id);
      await attempts.forget(email);
      for (const ended of await sessions.revokeAll(user.id)) revocations.publish(ended);
      trail.record({ activity: 'password_reset', userId: user.id, address });
    },

    sessions: sessions.list,

    async endSession(userId, sessionId) {
      if (!(await sessions.revokeOwn(userId, sessionId))) throw new DeskwireError('not_found', 'Session not found');
      revocations.publish(sessionId);
      trail.record({ activity: 'session_ended', userId, sessionId });
    },

    async close() {
      await Promise.all(requests);
    },
  };
}

function unusableToken(): DeskwireError {
  return new DeskwireError('invalid_payload', 'This link is not valid any more', { field: 'token' });
}
