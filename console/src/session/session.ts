/**
 * Who is signed in on this device. All pages of a browser share one session: its refresh token is good once, so whoever
 * renews it does so alone (a Web Lock), and finds first what another page may have renewed meanwhile. The access token is kept
 * as well, so that a page that is loaded again in the wrong moment has not spent the refresh token for nothing.
 */
import { DeskwireError, type Me, resume, type SignedIn, signIn } from '../../../src/client/index.ts';

export interface Session {
  readonly me: Me;
  /** For the client. Rejects when the session has ended, which everyone is then told. */
  token(): Promise<string>;
}

export interface Sessions {
  readonly current: Session | undefined;
  /** The last one ended by itself. */
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

interface Parts {
  readonly url: string;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  /** Runs one at a time, over all pages. */
  alone<T>(run: () => Promise<T>): Promise<T>;
  /** Another page changed what is kept. */
  onStorage(listener: () => void): void;
}

const KEY = 'deskwire:session';
/** Milliseconds before its end from which on an access token is of no use. */
const AHEAD = 60_000;

export function createSessions({ url, storage, now, alone, onStorage }: Parts): Sessions {
  const listeners = new Set<() => void>();
  let ended = false;
  let current = sessionOf(read());

  onStorage(() => {
    const kept = read();
    if (kept?.me.id !== current?.me.id) become(kept);
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

  function become(kept: Kept | undefined): void {
    current = sessionOf(kept);
    for (const listener of listeners) listener();
  }

  function sessionOf(kept: Kept | undefined): Session | undefined {
    if (kept === undefined) return undefined;
    const { me } = kept;
    let given: string | undefined;
    return {
      me,
      // Asked again, the one given before is about to expire or was refused.
      async token() {
        const token = await alone(async () => {
          const found = read();
          if (found?.me.id !== me.id) throw new DeskwireError('no_token', 'Signed out');
          if (found.accessToken !== given && expiry(found.accessToken) - AHEAD > now()) return found.accessToken;
          return (await renew(found)).accessToken;
        });
        given = token;
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
        become(undefined);
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
      become(kept);
    },
    async signOut() {
      const kept = read();
      storage.removeItem(KEY);
      ended = false;
      become(undefined);
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

/** Unix time in milliseconds; infinity when the token does not say. */
function expiry(token: string): number {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' ? exp * 1_000 : Number.POSITIVE_INFINITY;
  } catch {
    return 0;
  }
}
