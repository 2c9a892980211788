/**
 * The token that requests carry: asked for when there is none, when the server refused it, and before it expires. Asked
 * for once, however many want it at the same time. A client is one user's: a token of another is refused.
 */
import { DeskwireError } from './errors.ts';
import type { Surroundings } from './surroundings.ts';

export type TokenSource = string | (() => string | Promise<string>);

export interface Tokens {
  /** Rejects with `no_token` or `another_user`. */
  get(): Promise<string>;
  /** Unix time in milliseconds at which another is due; undefined when the token does not say. */
  readonly renewAt: number | undefined;
  /** The server did not accept it: the next `get` asks for another. */
  refused(token: string): void;
  /** Whether there may be another token later. */
  readonly renewable: boolean;
  /** Of the user, once a token is known. */
  readonly userId: string | undefined;
}

/** Milliseconds before it expires that a token is renewed, at most; and how often at most. */
const AHEAD = 60_000;
const AT_MOST_EVERY = 5_000;

interface Held {
  readonly token: string;
  readonly renewAt: number | undefined;
}

export function createTokens(source: TokenSource, { now }: Pick<Surroundings, 'now'>): Tokens {
  let held: Held | undefined;
  let asked: Promise<string> | undefined;
  let refusedToken: string | undefined;
  let userId: string | undefined;

  async function ask(): Promise<string> {
    const token = await given();
    const { sub, exp } = claimsIn(token);
    if (userId !== undefined && sub !== undefined && sub !== userId) {
      throw new DeskwireError('another_user', 'The token is of another user');
    }
    userId ??= sub;
    held = { token, renewAt: exp === undefined ? undefined : Math.max(exp * 1_000 - AHEAD, now() + AT_MOST_EVERY) };
    return token;
  }

  async function given(): Promise<string> {
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
      asked ??= ask()
        .catch((error: unknown) => {
          // One that is still good is not given up because there is no other yet.
          if (held === undefined || refusedToken === held.token) throw error;
          held = { ...held, renewAt: now() + AT_MOST_EVERY };
          return held.token;
        })
        .finally(() => {
          asked = undefined;
        });
      return asked;
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

/** Nothing is verified here: the server does that. What cannot be read says nothing. */
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
