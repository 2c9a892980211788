/**
 * Sign-in with Deskwire's own users, as a token function for `createClient`. It renews the access token with the
 * refresh token, which can be used once. Pages that shared a refresh token would end each other's session, so each page
 * keeps its own.
 */
import { asError, errorFrom } from './errors.ts';
import { problemIn } from './http.ts';
import type { Me } from './types.ts';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly user: Me & { readonly email?: string; readonly vendorId?: string };
}

export interface SignedIn {
  readonly user: Tokens['user'];
  /** For `createClient`: gets the next access token whenever the current one is about to expire or was refused. */
  readonly token: () => Promise<string>;
  /** The current refresh token. Store it where the next page of this user finds it, for `resume`. */
  readonly refreshToken: string;
  /** Ends the session on the server. */
  signOut(): Promise<void>;
}

export interface SignInOptions {
  readonly url: string;
  /** Called with every new refresh token; the one before is no longer valid. */
  readonly onRefreshToken?: (token: string) => void;
}

/** Rejects with `unauthorized` for a wrong password, with `rate_limited` after too many wrong passwords. */
export async function signIn(
  options: SignInOptions & { readonly email: string; readonly password: string },
): Promise<SignedIn> {
  const { email, password } = options;
  return session(options, await post<Tokens>(options.url, 'login', { email, password }));
}

/** Continues a session. Rejects with `unauthorized` when it has ended. */
export async function resume(options: SignInOptions & { readonly refreshToken: string }): Promise<SignedIn> {
  return session(options, await post<Tokens>(options.url, 'refresh', { refresh_token: options.refreshToken }));
}

function session({ url, onRefreshToken }: SignInOptions, first: Tokens): SignedIn {
  let tokens = first;
  let fresh = true;
  onRefreshToken?.(first.refresh_token);
  return {
    user: first.user,
    get refreshToken() {
      return tokens.refresh_token;
    },
    async token() {
      if (fresh) {
        fresh = false;
        return tokens.access_token;
      }
      tokens = await post<Tokens>(url, 'refresh', { refresh_token: tokens.refresh_token });
      onRefreshToken?.(tokens.refresh_token);
      return tokens.access_token;
    },
    signOut: async () => void (await post(url, 'logout', { refresh_token: tokens.refresh_token })),
  };
}

async function post<T>(url: string, action: string, body: object): Promise<T> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/api/v1/auth/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw errorFrom(problemIn(text), response.status);
    return JSON.parse(text);
  } catch (error) {
    throw asError(error);
  }
}
