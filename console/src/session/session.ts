/**
 * The session on this device. All pages of a browser share one session. A refresh token can be used once, so a page
 * renews it under a Web Lock, after checking whether another page has renewed it already. The access token is stored as
 * well: a page that is reloaded just after a renewal uses it instead of another refresh.
 */
import { DeskwireError, type Me, resume, type SignedIn, signIn } from '../../../src/client/index.ts';

export interface Session {
  readonly me: Me;
  /** For the client. Rejects when the session has ended; listeners are notified of that. */
  token(): Promise<string>;
}

export interface Sessions {
  readonly current: Session | undefined;
  /** Whether the last session expired, rather than being signed out. */
  readonly ended: boolean;
  subscribe(listener: () => void): () => void;
  signIn(email: string, password: string): Promise<void>;
  signOut(): Promise<void>;
}

interface Kept {
  readonly me: Me;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface SessionsDeps {
  readonly url: string;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  /** Runs functions one at a time, across all pages. */
  exclusively<T>(run: () => Promise<T>): Promise<T>;
  /** Calls back when another page changed the stored session. */
  onStorage(listener: () => void): void;
}

const KEY = 'deskwire:session';
/** Milliseconds before its expiry from which an access token is no longer used. */
const RENEW_BEFORE = 60_000;

export function createSessions({ url, storage, now, exclusively, onStorage }: SessionsDeps): Sessions {
  const listeners = new Set<() => void>();
  let ended = false;
  let current = sessionOf(read());

  onStorage(() => {
    const kept = read();
    if (kept?.me.id !== current?.me.id) setCurrent(kept);
  });

  function read(): Kept | undefined {
    try {
      return JSON.parse(storage.getItem(KEY) ?? 'null') ?? undefined;
    } catch {
      return undefined;
    }
  }

  async function keep(signedIn: SignedIn): Promise<Kept> {
    const { user, refreshToken } = signedIn;
    const me = { id: user.id, name: user.name, role: user.role };
    const kept = { me, refreshToken, accessToken: await signedIn.token() };
    storage.setItem(KEY, JSON.stringify(kept));
    return kept;
  }

  function setCurrent(kept: Kept | undefined): void {
    current = sessionOf(kept);
    for (const listener of listeners) listener();
  }

  function sessionOf(kept: Kept | undefined): Session | undefined {
    if (kept === undefined) return undefined;
    const { me } = kept;
    let returned: string | undefined;
    return {
      me,
      // A second call means that the token returned before is about to expire or was refused.
      async token() {
        const token = await exclusively(async () => {
          const found = read();
          if (found?.me.id !== me.id) throw new DeskwireError('no_token', 'Signed out');
          if (found.accessToken !== returned && expiry(found.accessToken) - RENEW_BEFORE > now())
            return found.accessToken;
          return (await renew(found)).accessToken;
        });
        returned = token;
        return token;
      },
    };
  }

  async function renew({ refreshToken }: Kept): Promise<Kept> {
    try {
      return await keep(await resume({ url, refreshToken }));
    } catch (error) {
      if (error instanceof DeskwireError && error.code === 'unauthorized') {
        storage.removeItem(KEY);
        ended = true;
        setCurrent(undefined);
      }
      throw error;
    }
  }

  return {
    get current() {
      return current;
    },
    get ended() {
      return ended;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async signIn(email, password) {
      const kept = await keep(await signIn({ url, email, password }));
      ended = false;
      setCurrent(kept);
    },
    async signOut() {
      const kept = read();
      storage.removeItem(KEY);
      ended = false;
      setCurrent(undefined);
      if (kept === undefined) return;
      const { refreshToken } = kept;
      await fetch(`${url}/api/v1/auth/logout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: refreshToken }),
      });
    },
  };
}

/** Unix time in milliseconds; infinity when the token has no expiry, 0 when it cannot be read. */
function expiry(token: string): number {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' ? exp * 1_000 : Number.POSITIVE_INFINITY;
  } catch {
    return 0;
  }
}
