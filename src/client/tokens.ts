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
  /** The token's user, once a token is known, or before if the application told. */
  readonly userId: string | undefined;
}

/** Milliseconds before its expiry at which a token is renewed. */
const RENEW_BEFORE = 60_000;
/** Milliseconds between two renewals, at least. */
const RENEW_INTERVAL = 30_000;
/** Milliseconds that a token lives for which nothing better is known. */
const USUAL_LIFE = 600_000;

interface Held {
  readonly token: string;
  readonly renewAt: number | undefined;
}

/** `known`: the id of the user whose tokens these are, when it is known before the first token. */
export function createTokens(source: TokenSource, { now }: Pick<Surroundings, 'now'>, known?: string): Tokens {
  let held: Held | undefined;
  let pending: Promise<string> | undefined;
  let refusedToken: string | undefined;
  let userId = known;
  /** The last token of the source. */
  let last: string | undefined;

  async function request(): Promise<string> {
    const token = textOf(typeof source === 'function' ? await fromFunction(source) : constant());
    const { sub, exp, iat } = claimsIn(token);
    if (userId !== undefined && sub !== undefined && sub !== userId) {
      throw new DeskwireError('another_user', 'The token is of another user');
    }
    userId ??= sub;
    const renewAt = exp === undefined ? undefined : now() + renewIn(exp, iat, last !== undefined && last !== token);
    last = token;
    held = { token, renewAt };
    return token;
  }

  /**
   * Milliseconds until the token is due. The device's clock may be wrong by hours. It is not believed when a token
   * would live longer than it was made for, or when a new token would have less than half of its life left.
   */
  function renewIn(exp: number, iat: number | undefined, isNew: boolean): number {
    const left = exp * 1_000 - now();
    const life = iat === undefined ? USUAL_LIFE : (exp - iat) * 1_000;
    const isBelieved = (iat === undefined || left <= life) && (!isNew || left > life / 2);
    return Math.max((isBelieved ? left : life) - RENEW_BEFORE, RENEW_INTERVAL);
  }

  function constant(): unknown {
    if (refusedToken !== undefined) throw new DeskwireError('no_token', 'The token is not valid any more');
    return source;
  }

  async function fromFunction(ask: () => unknown): Promise<unknown> {
    try {
      return await ask();
    } catch (error) {
      throw new DeskwireError('no_token', error instanceof Error ? error.message : 'There is no token', {
        cause: error,
      });
    }
  }

  return {
    get() {
      const due = held?.renewAt !== undefined && typeof source === 'function' && now() >= held.renewAt;
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
    renewable: typeof source === 'function',
    get userId() {
      return userId;
    },
  };
}

/** Applications without types pass anything, and backends answer with a page or a line feed. */
function textOf(given: unknown): string {
  const text = typeof given === 'string' ? given.trim() : '';
  if (/^[!-~]+$/.test(text)) return text;
  const found = given === null ? 'null' : given === '' ? 'empty' : typeof given;
  throw new DeskwireError(
    'no_token',
    `A token must be a text without spaces, or a function that returns one: ${found}`,
  );
}

/** Reads the claims without verifying them: the server does that. An unreadable token has no claims. */
function claimsIn(token: string): { sub?: string; exp?: number; iat?: number } {
  try {
    const [, payload = ''] = token.split('.');
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const { sub, exp, iat } = JSON.parse(new TextDecoder().decode(bytes));
    return {
      ...(typeof sub === 'string' && { sub }),
      ...(typeof exp === 'number' && { exp }),
      ...(typeof iat === 'number' && { iat }),
    };
  } catch {
    return {};
  }
}
