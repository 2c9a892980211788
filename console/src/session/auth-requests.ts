/**
 * Login, refresh, logout and the reset of a password of a page that this server serves: the refresh token is in a
 * cookie, so that no script can read it. Errors are a `DeskwireError`.
 */
import { asError, errorFrom } from '../../../src/client/errors.ts';
import { problemIn } from '../../../src/client/http.ts';
import type { Me } from '../../../src/client/index.ts';

export interface SignedInUser {
  readonly user: Me;
  readonly access_token: string;
}

export interface AuthRequests {
  login(email: string, password: string): Promise<SignedInUser>;
  refresh(): Promise<SignedInUser>;
  /** Ends the session of the cookie, if there is one. */
  logout(): Promise<void>;
}

export interface PasswordRequests {
  /** Sets a new password with the token of a link. */
  resetPassword(token: string, newPassword: string): Promise<void>;
}

export function createAuthRequests(url: string, fetch: typeof globalThis.fetch): AuthRequests & PasswordRequests {
  async function post<T>(action: string, body: object): Promise<T> {
    try {
      const response = await fetch(`${url}/api/v1/auth/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'deskwire-session': 'cookie' },
        body: JSON.stringify(body),
        // The browser takes the new cookie even when the page is left before the answer.
        keepalive: true,
      });
      const text = await response.text();
      if (!response.ok) throw errorFrom(problemIn(text), response.status);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch (error) {
      throw asError(error);
    }
  }

  return {
    login: (email, password) => post('login', { email, password }),
    refresh: () => post('refresh', {}),
    logout: () => post('logout', {}),
    resetPassword: (token, newPassword) => post('password-reset/confirm', { token, newPassword }),
  };
}
