/** Tests that clients which share a session renew it together, and that a lost answer does not end it. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { resume, signIn } from '../../../src/client/index.ts';
import { PASSWORD } from '../../conformance/people.ts';
import { type StartedServer, startServer } from '../../conformance/server.ts';

let server: StartedServer;
const realFetch = globalThis.fetch;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  vi.unstubAllGlobals();
  await server?.[Symbol.asyncDispose]();
});

const start = () => signIn({ url: server.url, email: 'driver@example.com', password: PASSWORD });

/** Whether the server takes the token. */
async function works(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.url}/api/v1/notifications/unread-count`, { headers })).ok;
}

/** Counts refreshes from now on. `lose` loses the answer to the first of them. */
function countRefreshes({ lose = false } = {}): { count: number } {
  const counted = { count: 0 };
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const answer = await realFetch(url, init);
    if (!String(url).endsWith('/refresh')) return answer;
    counted.count += 1;
    if (lose && counted.count === 1) throw new TypeError('fetch failed');
    return answer;
  });
  return counted;
}

it('two clients of one session share a renewal in flight', async () => {
  const { token } = await start();
  await token();
  const counted = countRefreshes();
  const [one, two] = await Promise.all([token(), token()]);
  expect(one).toBe(two);
  expect(counted.count).toBe(1);
});

it('sessions that start from one refresh token share each renewal, and stay signed in', async () => {
  const { refreshToken } = await start();
  const counted = countRefreshes();
  const sessions = await Promise.all(Array.from({ length: 5 }, () => resume({ url: server.url, refreshToken })));
  for (let round = 1; round <= 3; round += 1) {
    const tokens = await Promise.all(sessions.map(({ token }) => token()));
    expect(new Set(tokens).size).toBe(1);
    expect(await works(tokens[0] ?? '')).toBe(true);
    expect(new Set(sessions.map((session) => session.refreshToken)).size).toBe(1);
    expect(counted.count).toBe(round);
  }
});

it('sessions share each renewal without Web Locks, too', async () => {
  vi.stubGlobal('navigator', {});
  const { refreshToken } = await start();
  const counted = countRefreshes();
  const sessions = await Promise.all(Array.from({ length: 3 }, () => resume({ url: server.url, refreshToken })));
  const tokens = await Promise.all(sessions.map(({ token }) => token()));
  expect(new Set(tokens).size).toBe(1);
  expect(counted.count).toBe(1);
  vi.unstubAllGlobals();
});

it('a session that was idle takes the tokens that another one has renewed since', async () => {
  const { refreshToken } = await start();
  const [idle, busy] = await Promise.all([1, 2].map(() => resume({ url: server.url, refreshToken })));
  for (let round = 0; round < 3; round += 1) await busy?.token();
  await vi.waitFor(() => expect(idle?.refreshToken).toBe(busy?.refreshToken));
  expect(await works((await idle?.token()) ?? '')).toBe(true);
  expect(await works((await busy?.token()) ?? '')).toBe(true);
});

it('a renewal whose answer is lost is repeated', async () => {
  const { token } = await start();
  await token();
  const counted = countRefreshes({ lose: true });
  expect(await works(await token())).toBe(true);
  expect(counted.count).toBe(2);
  expect(await works(await token())).toBe(true);
});

it('a page that is reloaded before the answer arrives continues its session', async () => {
  const { refreshToken } = await start();
  const body = JSON.stringify({ refresh_token: refreshToken });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${server.url}/api/v1/auth/refresh`, { method: 'POST', headers, body });
  const counted = countRefreshes();
  await expect(
    resume({ url: server.url, refreshToken }).then(({ token }) => token().then(works)),
    'the page sends a key of its own, so only address and user agent can tell that it is the same client',
  ).resolves.toBe(true);
  expect(counted.count).toBe(1);
});
