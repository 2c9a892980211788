/**
 * The token that requests carry. It is requested when there is none, when the server refused it, and before it expires;
 * callers that need it at the same time share one request. A client belongs to one user: a token of another user is
 * refused.
 */
import { DeskwireError } from './errors.ts';
import type { Surroundings } from './surroundings.ts';

export type TokenSource = string | (() => string | Promise<string>);

export interface Tokens {
  /** Rejects with `no_token` or `another_user`. */
  get(): Promise<string>;
  /** Unix time in milliseconds at which the token is due for renewal; undefined when it has no expiry. */
  readonly renewAt: number | undefined;
  /** The server did not accept this token: the next `get` requests another. */
  refused(token: string): void;
  /** Whether the source can give another token later. */
  readonly renewable: boolean;
  /** The token's user, once a token is known. */
  readonly userId: string | undefined;
}

/** Milliseconds before its expiry at which a token is renewed. */
const RENEW_BEFORE = 60_000;
/** Milliseconds between two renewals, at least. */
const RENEW_INTERVAL = 5_000;

interface Held {
  readonly token: string;
  readonly renewAt: number | undefined;
}

export function createTokens(source: TokenSource, { now }: Pick<Surroundings, 'now'>): Tokens {
  let held: Held | undefined;
  let pending: Promise<string> | undefined;
  let refusedToken: string | undefined;
  let userId: string | undefined;

  async function request(): Promise<string> {
    const token = await fromSource();
    const { sub, exp } = claimsIn(token);
    if (userId !== undefined && sub !== undefined && sub !== userId) {
      throw new DeskwireError('another_user', 'The token is of another user');
    }
    userId ??= sub;
    held = {
      token,
      renewAt: exp === undefined ? undefined : Math.max(exp * 1_000 - RENEW_BEFORE, now() + RENEW_INTERVAL),
    };
    return token;
  }

  async function fromSource(): Promise<string> {
    if (typeof source === 'string') {
      if (source === refusedToken) throw new DeskwireError('no_token', 'The token is not valid any more');
      return source;
    }
    try {
      return await source();
    } catch (error) {
      throw new DeskwireError('no_token', error instanceof Error ? error.message : 'There is no token', {
        cause: error,
      });
    }
  }

  return {
    get() {
      const due = held?.renewAt !== undefined && typeof source !== 'string' && now() >= held.renewAt;
      if (held !== undefined && !due) return Promise.resolve(held.token);
      pending ??= request()
        .catch((error: unknown) => {
          // A token that is still valid stays in use while no other can be had.
          if (held === undefined || refusedToken === held.token) throw error;
          held = { ...held, renewAt: now() + RENEW_INTERVAL };
          return held.token;
        })
        .finally(() => {
          pending = undefined;
        });
      return pending;
    },
    get renewAt() {
      return held?.renewAt;
    },
    refused(token) {
      refusedToken = token;
      if (held?.token === token) held = undefined;
    },
    renewable: typeof source !== 'string',
    get userId() {
      return userId;
    },
  };
}

/** Reads the claims without verifying them: the server does that. An unreadable token has no claims. */
function claimsIn(token: string): { sub?: string; exp?: number } {
  try {
    const [, payload = ''] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const { sub, exp } = JSON.parse(new TextDecoder().decode(bytes));
    return { ...(typeof sub === 'string' && { sub }), ...(typeof exp === 'number' && { exp }) };
  } catch {
    return {};
  }
}
