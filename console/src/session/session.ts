/**
 * The session on this device, shared by all pages of a browser. The refresh token is in a cookie that scripts cannot
 * read; the access token is in this page's memory. The storage has only the name of the user, which tells pages whether
 * somebody is signed in. A refresh token can be used once, so pages renew under a lock. Decision 0065.
 *
 * A sign-out is done at once on this device: the user's drafts and queued messages go with it. The server is told now
 * or, when it cannot be reached, at the next contact: before anybody else signs in, in any case.
 */
import { DeskwireError, type Me } from '../../../src/client/index.ts';
import type { AuthRequests } from './auth-requests.ts';

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
  signOut(): void;
}

interface SessionsDeps {
  readonly requests: AuthRequests;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  /** Runs functions one at a time, across all pages. */
  exclusively<T>(run: () => Promise<T>): Promise<T>;
  /** Calls back when another page changed the storage. */
  onStorage(listener: () => void): void;
  /** Calls back once, when the server may be reached again. */
  onNextContact(run: () => void): void;
  /** Removes what this device keeps for a user: drafts and queued messages. */
  forget(userId: string): void;
}

/** JSON `{me}`. */
const KEY = 'deskwire:session';
/** Present while the server does not know of a sign-out. */
const SIGNED_OUT = 'deskwire:signed-out';
/** Milliseconds before its expiry from which an access token is no longer used. */
const RENEW_BEFORE = 60_000;

export function createSessions(deps: SessionsDeps): Sessions {
  const { requests, storage, now, exclusively } = deps;
  const listeners = new Set<() => void>();
  let ended = false;
  let held: { readonly userId: string; readonly token: string } | undefined;
  let current = sessionOf(read());

  deps.onStorage(() => {
    const me = read();
    if (me?.id === current?.me.id) return;
    const before = current?.me;
    setCurrent(me);
    if (before !== undefined && storage.getItem(SIGNED_OUT) !== null) deps.forget(before.id);
  });
  if (storage.getItem(SIGNED_OUT) !== null) reportSignOut();

  function read(): Me | undefined {
    try {
      const { me } = JSON.parse(storage.getItem(KEY) ?? 'null') ?? {};
      return typeof me?.id === 'string' ? me : undefined;
    } catch {
      return undefined;
    }
  }

  function setCurrent(me: Me | undefined): void {
    if (me?.id !== held?.userId) held = undefined;
    current = sessionOf(me);
    for (const listener of listeners) listener();
  }

  function keep({ id, name, role }: Me, token: string): void {
    held = { userId: id, token };
    storage.setItem(KEY, JSON.stringify({ me: { id, name, role } }));
  }

  function sessionOf(me: Me | undefined): Session | undefined {
    if (me === undefined) return undefined;
    let returned: string | undefined;
    return {
      me,
      // A second call means that the token returned before is about to expire or was refused.
      async token() {
        const token = await exclusively(async () => {
          if (read()?.id !== me.id) throw new DeskwireError('no_token', 'Signed out');
          const isFresh = held?.userId === me.id && expiry(held.token) - RENEW_BEFORE > now();
          return held !== undefined && isFresh && held.token !== returned ? held.token : renew(me);
        });
        returned = token;
        return token;
      },
    };
  }

  async function renew(me: Me): Promise<string> {
    try {
      const { user, access_token: token } = await requests.refresh();
      // A page may have signed out meanwhile. The cookie is then ended by the sign-out that waits for the lock.
      if (read()?.id !== me.id) throw new DeskwireError('no_token', 'Signed out');
      keep(user, token);
      if (user.id === me.id) return token;
      setCurrent(user);
      throw new DeskwireError('another_user', 'The session is of another user');
    } catch (error) {
      if (error instanceof DeskwireError && error.code === 'unauthorized') {
        storage.removeItem(KEY);
        ended = true;
        setCurrent(undefined);
      }
      throw error;
    }
  }

  /** Rejects when the server cannot be reached. Must be called under the lock. */
  async function deliverSignOut(): Promise<void> {
    if (storage.getItem(SIGNED_OUT) === null) return;
    await requests.logout();
    storage.removeItem(SIGNED_OUT);
  }

  function reportSignOut(): void {
    exclusively(deliverSignOut).catch(() => deps.onNextContact(reportSignOut));
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
      const user = await exclusively(async () => {
        await deliverSignOut();
        const signedIn = await requests.login(email, password);
        keep(signedIn.user, signedIn.access_token);
        return signedIn.user;
      });
      ended = false;
      setCurrent({ id: user.id, name: user.name, role: user.role });
    },
    signOut() {
      const me = current?.me;
      storage.setItem(SIGNED_OUT, 'true');
      storage.removeItem(KEY);
      ended = false;
      setCurrent(undefined);
      if (me !== undefined) deps.forget(me.id);
      reportSignOut();
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
