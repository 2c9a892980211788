/** Tests the session across all pages of a browser. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSessions } from '../../../console/src/session/session.ts';

const NOW = Date.UTC(2026, 2, 1);
const user = { id: '4', name: 'agent', role: 'agent' };
/** A refresh token can be used once; using it again ends the session. */
let refreshable: Set<string>;
let renewals = 0;
let issued = 0;

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { refresh_token: refresh, password } = JSON.parse(Buffer.concat(chunks).toString());
  const refuse = () => response.writeHead(401).end(JSON.stringify({ code: 'unauthorized', detail: 'No' }));
  if (request.url?.endsWith('/logout')) return response.end('{}');
  if (request.url?.endsWith('/login') && password !== 'right') return refuse();
  if (request.url?.endsWith('/refresh')) {
    renewals += 1;
    if (!refreshable.delete(refresh)) return refuse();
  }
  issued += 1;
  refreshable.add(`refresh-${issued}`);
  const claims = { sub: '4', exp: NOW / 1_000 + 3_600, jti: issued };
  const token = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
  return response.end(JSON.stringify({ access_token: token, refresh_token: `refresh-${issued}`, expires_in: 1, user }));
});
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => void server.close());

beforeEach(() => {
  refreshable = new Set();
  renewals = 0;
});

/** A browser: its pages share the storage, are notified of each other's changes, and take turns under the lock. */
function browser() {
  const kept = new Map<string, string>();
  const listening: { page: number; listener: () => void }[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  let pages = 0;
  let time = NOW;
  return {
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    page() {
      pages += 1;
      const page = pages;
      const notify = () => {
        for (const one of listening) if (one.page !== page) one.listener();
      };
      return createSessions({
        url,
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

it('renews a token that is requested a second time, unless another page has done so', async () => {
  const { page } = browser();
  const [one, other] = [page(), page()];
  await one.signIn('agent@example.com', 'right');
  await one.current?.token();
  await other.current?.token();
  const renewed = await one.current?.token();
  expect(renewals).toBe(1);
  expect(await other.current?.token()).toBe(renewed);
  expect(renewals).toBe(1);
});

it('ends on all pages when the server refuses it, and reports that', async () => {
  const { page } = browser();
  const [one, other] = [page(), page()];
  await one.signIn('agent@example.com', 'right');
  refreshable.clear();
  await one.current?.token();
  await expect(one.current?.token()).rejects.toMatchObject({ code: 'unauthorized' });
  expect([one.current, other.current]).toEqual([undefined, undefined]);
  expect(one.ended).toBe(true);
});

it('signs out on all pages', async () => {
  const { page } = browser();
  const [one, other] = [page(), page()];
  await one.signIn('agent@example.com', 'right');
  await other.signOut();
  expect([one.current, other.current]).toEqual([undefined, undefined]);
  expect(one.ended).toBe(false);
});
