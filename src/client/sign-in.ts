/**
 * Sign-in with Deskwire's own users, as a token function for `createClient`. It renews the access token with the
 * refresh token, which can be used once. Sessions that started from one refresh token, in one page or several, share
 * each renewal: one of them renews under a lock (Web Locks), and the others get its tokens over a BroadcastChannel.
 */
import { asError, errorFrom } from './errors.ts';
import { problemIn } from './http.ts';
import { checkOptions } from './options.ts';
import { newId } from './surroundings.ts';
import type { Me } from './types.ts';

/** Milliseconds for an answer. The server lets a renewal be repeated for 30 seconds. */
const TIMEOUT = 10_000;
/** Milliseconds in which other pages get a message. */
const DELIVERY = 100;

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

/**
 * Rejects with `unauthorized` for a wrong password, with `rate_limited` after too many wrong passwords, and with
 * `invalid_payload` for a wrong option; `field` is its name.
 */
export async function signIn(
  options: SignInOptions & { readonly email: string; readonly password: string },
): Promise<SignedIn> {
  checkOptions(options, ['url']);
  const { email, password } = options;
  return session(options, await post<Tokens>(options.url, 'login', { email, password }));
}

/** Continues a session. Rejects with `unauthorized` when it has ended. */
export async function resume(options: SignInOptions & { readonly refreshToken: string }): Promise<SignedIn> {
  checkOptions(options, ['url', 'refreshToken']);
  return session(options, { refresh_token: options.refreshToken });
}

type Renewable = Pick<Tokens, 'refresh_token'> & Partial<Tokens>;

async function session({ url, onRefreshToken }: SignInOptions, first: Renewable): Promise<SignedIn> {
  let tokens = first;
  let fresh = first.access_token !== undefined;
  let key = newId();
  let pending: Promise<void> | undefined;
  const name = `deskwire:${url.replace(/\/$/, '')}`;
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: { data: { was: string; tokens: Tokens } }) => {
    if (data.was === tokens.refresh_token) adopt(data.tokens);
  };
  // In Node, an open channel would keep the process alive.
  (channel as { unref?: () => void }).unref?.();

  function adopt(next: Tokens): void {
    tokens = next;
    fresh = true;
    key = newId();
    onRefreshToken?.(next.refresh_token);
  }

  async function renew(): Promise<void> {
    const before = tokens;
    await alone(name, async () => {
      // Another page may have renewed the session while this one waited.
      if (tokens !== before) return;
      const was = tokens.refresh_token;
      const ask = () => post<Tokens>(url, 'refresh', { refresh_token: was }, { 'idempotency-key': key });
      // The answer may have been lost: the server gives it once more, to the same key and within seconds.
      const next = await ask().catch((error) => (error.code === 'unreachable' ? ask() : Promise.reject(error)));
      adopt(next);
      channel.postMessage({ was, tokens: next });
    });
  }

  if (fresh) onRefreshToken?.(first.refresh_token);
  else await renew();
  return {
    user: (tokens as Tokens).user,
    get refreshToken() {
      return tokens.refresh_token;
    },
    async token() {
      if (!fresh) {
        pending ??= renew().finally(() => {
          pending = undefined;
        });
        await pending;
      }
      fresh = false;
      return (tokens as Tokens).access_token;
    },
    async signOut() {
      await post(url, 'logout', { refresh_token: tokens.refresh_token });
      channel.close();
    },
  };
}

/** The renewals of this page, where browsers have no Web Locks (pages over http) and in older Node. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs `work` while no other page, and no other session of this page, runs its own under this name. The next one
 * starts a moment after `work` has ended, when the message with the new tokens has reached it.
 */
function alone(name: string, work: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const run = () =>
      work()
        .then(resolve, reject)
        .then(() => new Promise<void>((done) => setTimeout(done, DELIVERY)));
    const { locks } = (globalThis as { navigator?: Partial<Navigator> }).navigator ?? {};
    if (locks === undefined) queue = queue.then(run);
    else void locks.request(name, run).catch(reject);
  });
}

async function post<T>(url: string, action: string, body: object, headers: object = {}): Promise<T> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/api/v1/auth/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(TIMEOUT),
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw errorFrom(problemIn(text), response.status);
    return JSON.parse(text);
  } catch (error) {
    throw asError(error);
  }
}
