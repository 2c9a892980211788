/** Tests the session across all pages of a browser. */
import { beforeEach, expect, it } from 'vitest';
import { createSessions } from '../../../console/src/session/session.ts';
import { DeskwireError, type Me } from '../../../src/client/index.ts';

const NOW = Date.UTC(2026, 2, 1);
const user: Me = { id: '4', name: 'agent', role: 'agent' };
const other: Me = { id: '2', name: 'admin', role: 'admin' };
/** Sessions that the server knows. */
let live: Set<string>;
let renewals = 0;
let issued = 0;
let isReachable = true;

beforeEach(() => {
  live = new Set();
  renewals = 0;
  isReachable = true;
});

/** A server, as one browser sees it: the browser keeps the cookie. A refresh token can be used once. */
function server() {
  let cookie: { readonly token: string; readonly me: Me } | undefined;
  const contact = () => {
    if (!isReachable) throw new DeskwireError('unreachable', 'No network');
  };
  const next = (me: Me) => {
    issued += 1;
    cookie = { token: `refresh-${issued}`, me };
    live.add(cookie.token);
    const claims = { sub: me.id, exp: NOW / 1_000 + 3_600, jti: issued };
    return { user: me, access_token: `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y` };
  };
  return {
    async login(email: string, password: string) {
      contact();
      if (password !== 'right') throw new DeskwireError('unauthorized', 'No');
      return next(email.startsWith('admin') ? other : user);
    },
    async refresh() {
      contact();
      renewals += 1;
      if (cookie === undefined || !live.delete(cookie.token)) throw new DeskwireError('unauthorized', 'No');
      return next(cookie.me);
    },
    async logout() {
      contact();
      if (cookie !== undefined) live.delete(cookie.token);
      cookie = undefined;
    },
  };
}

/** A browser: its pages share the storage, are notified of each other's changes, and take turns under the lock. */
function browser() {
  const kept = new Map<string, string>();
  const listening: { page: number; listener: () => void }[] = [];
  const contacts: (() => void)[] = [];
  const forgotten = new Set<string>();
  const requests = server();
  let turn: Promise<unknown> = Promise.resolve();
  let pages = 0;
  let time = NOW;
  const settled = () => turn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return {
    kept,
    forgotten,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    /** The next contact with the server. Resolves when everything that waited for the lock is done. */
    async contact() {
      for (const run of contacts.splice(0)) run();
      await settled();
    },
    settled,
    page() {
      pages += 1;
      const page = pages;
      const notify = () => {
        for (const one of listening) if (one.page !== page) one.listener();
      };
      return createSessions({
        requests,
        now: () => time,
        storage: {
          getItem: (key) => kept.get(key) ?? null,
          setItem(key, value) {
            kept.set(key, value);
            notify();
          },
          removeItem(key) {
            kept.delete(key);
            notify();
          },
        },
        exclusively(run) {
          const mine = turn.then(run);
          turn = mine.catch(() => undefined);
          return mine;
        },
        onStorage: (listener) => void listening.push({ page, listener }),
        onNextContact: (run) => void contacts.push(run),
        forget: (userId) => void forgotten.add(userId),
      });
    },
  };
}

it('signs in on all pages at once, and on pages that are opened later', async () => {
  const { page } = browser();
  const [one, other] = [page(), page()];
  await expect(one.signIn('agent@example.com', 'wrong')).rejects.toMatchObject({ code: 'unauthorized' });
  expect(one.current).toBeUndefined();
  await one.signIn('agent@example.com', 'right');
  expect([one, other, page()].map(({ current }) => current?.me)).toEqual([user, user, user]);
});

it('sends no request while the token is valid', async () => {
  const sessions = browser().page();
  await sessions.signIn('agent@example.com', 'right');
  expect(await sessions.current?.token()).toMatch(/^x\./);
  expect(renewals).toBe(0);
});

it('renews once for all pages, since a refresh token can be used once', async () => {
  const { page, pass } = browser();
  const first = page();
  await first.signIn('agent@example.com', 'right');
  const pages = [first, page(), page()];
  pass(3_590_000);
  // By this clock, new tokens have expired already, so each page renews. With the lock, no page uses another's refresh
  // token.
  const tokens = await Promise.all(pages.map(({ current }) => current?.token()));
  expect(new Set(tokens).size).toBe(3);
  expect(first.ended).toBe(false);
});

it('renews a token that is requested a second time', async () => {
  const sessions = browser().page();
  await sessions.signIn('agent@example.com', 'right');
  const first = await sessions.current?.token();
  expect(await sessions.current?.token()).not.toBe(first);
  expect(renewals).toBe(1);
});

it('ends on all pages when the server refuses it, and reports that', async () => {
  const { page } = browser();
  const [one, other] = [page(), page()];
  await one.signIn('agent@example.com', 'right');
  live.clear();
  await one.current?.token();
  await expect(one.current?.token()).rejects.toMatchObject({ code: 'unauthorized' });
  expect([one.current, other.current]).toEqual([undefined, undefined]);
  expect(one.ended).toBe(true);
});

it('keeps no token where scripts of a later page could read it', async () => {
  const { page, kept } = browser();
  const sessions = page();
  await sessions.signIn('agent@example.com', 'right');
  await sessions.current?.token();
  expect([...kept]).toEqual([['deskwire:session', JSON.stringify({ me: user })]]);
});

it('signs out on all pages, and removes what the device keeps for the user', async () => {
  const { page, settled, forgotten, kept } = browser();
  const [one, another] = [page(), page()];
  await one.signIn('agent@example.com', 'right');
  another.signOut();
  expect([one.current, another.current]).toEqual([undefined, undefined]);
  expect(one.ended).toBe(false);
  expect([...forgotten]).toEqual(['4']);
  await settled();
  expect(live.size).toBe(0);
  expect([...kept]).toEqual([]);
});

it('keeps what the user has written when the session ends by itself', async () => {
  const { page, forgotten } = browser();
  const [one] = [page(), page()];
  await one.signIn('agent@example.com', 'right');
  live.clear();
  await one.current?.token();
  await expect(one.current?.token()).rejects.toMatchObject({ code: 'unauthorized' });
  expect([...forgotten]).toEqual([]);
});

it('ends the session at the next contact after a sign-out without a connection', async () => {
  const { page, settled, contact } = browser();
  const sessions = page();
  await sessions.signIn('agent@example.com', 'right');
  isReachable = false;
  sessions.signOut();
  expect(sessions.current).toBeUndefined();
  await settled();
  await contact();
  expect(live.size).toBe(1);
  isReachable = true;
  await contact();
  expect(live.size).toBe(0);
});

it('ends it also when the page was closed in between', async () => {
  const { page, settled } = browser();
  const sessions = page();
  await sessions.signIn('agent@example.com', 'right');
  isReachable = false;
  sessions.signOut();
  await settled();
  isReachable = true;
  page();
  await settled();
  expect(live.size).toBe(0);
});

it('ends it before the next user signs in, and not the session of that user', async () => {
  const { page, settled, contact } = browser();
  const sessions = page();
  await sessions.signIn('agent@example.com', 'right');
  isReachable = false;
  sessions.signOut();
  await settled();
  await expect(sessions.signIn('admin@example.com', 'right')).rejects.toMatchObject({ code: 'unreachable' });
  isReachable = true;
  await sessions.signIn('admin@example.com', 'right');
  await contact();
  expect(live.size).toBe(1);
  expect(sessions.current?.me).toEqual(other);
});

it('does not sign in again with the answer of a renewal that a sign-out overtook', async () => {
  const { page, pass, settled, kept } = browser();
  const sessions = page();
  await sessions.signIn('agent@example.com', 'right');
  pass(3_590_000);
  const token = sessions.current?.token();
  sessions.signOut();
  await expect(token).rejects.toMatchObject({ code: 'no_token' });
  await settled();
  expect(live.size).toBe(0);
  expect([...kept]).toEqual([]);
});
