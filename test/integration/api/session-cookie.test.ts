/** Tests sessions whose refresh token is in a cookie, for the pages that this server serves. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiRig, noQueries, startApi } from './rig.ts';

const credentials = { email: 'agent@example.com', password: 'deskwire-demo' };
const asPage = { 'deskwire-session': 'cookie', 'sec-fetch-site': 'same-origin' };
let api: ApiRig;

beforeAll(async () => {
  api = await startApi({ queries: noQueries() });
});
afterAll(() => api[Symbol.asyncDispose]());

const post = (action: string, body: object, headers: Record<string, string> = asPage) =>
  api.anonymous.send('POST', `/api/v1/auth/${action}`, body, headers);
const cookieOf = ({ headers }: { readonly headers: Headers }) => headers.get('set-cookie')?.split(';')[0] ?? '';

it('sets a cookie that scripts cannot read, and answers without the refresh token', async () => {
  const answer = await post('login', credentials);
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ access_token: expect.any(String), token_type: 'Bearer', user: { id: '4' } });
  expect(answer.body).not.toHaveProperty('refresh_token');
  expect(answer.headers.get('set-cookie')).toMatch(
    /^deskwire_session=[\w-]{43}; Path=\/api\/v1\/auth; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
  );
});

it('marks the cookie of a page under https as secure, and names it by the port', async () => {
  const secure = await post('login', credentials, { ...asPage, origin: 'https://desk.example:8443' });
  expect(secure.headers.get('set-cookie')).toMatch(/^deskwire_session_8443=.*; Secure$/);
});

it('refreshes with the cookie, which is replaced', async () => {
  const first = cookieOf(await post('login', credentials));
  const refreshed = await post('refresh', {}, { ...asPage, cookie: `other=1; ${first}` });
  expect(refreshed.status).toBe(200);
  expect(refreshed.body).not.toHaveProperty('refresh_token');
  expect(cookieOf(refreshed)).toMatch(/^deskwire_session=[\w-]{43}$/);
  expect(cookieOf(refreshed)).not.toBe(first);
});

it('ends the session of the cookie and removes the cookie, also when the session has ended before', async () => {
  const cookie = cookieOf(await post('login', credentials));
  for (const _ of ['first', 'second']) {
    const out = await post('logout', {}, { ...asPage, cookie });
    expect(out.status).toBe(200);
    expect(out.headers.get('set-cookie')).toMatch(/^deskwire_session=; Path=\/api\/v1\/auth; Max-Age=0/);
  }
  expect((await post('refresh', {}, { ...asPage, cookie })).status).toBe(401);
  expect((await post('logout', {})).status).toBe(200);
});

it('ends the session that a new sign-in replaces', async () => {
  const cookie = cookieOf(await post('login', credentials));
  await post('login', credentials, { ...asPage, cookie });
  expect((await post('refresh', {}, { ...asPage, cookie })).status).toBe(401);
});

it.each([
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
  ['a page of another origin on plain http', { 'sec-fetch-site': undefined, origin: 'http://app.example' }],
  ['a sandboxed page on plain http', { 'sec-fetch-site': undefined, origin: 'null' }],
])('refuses %s', async (_name, more) => {
  const cookie = cookieOf(await post('login', credentials));
  const headers = Object.fromEntries(
    Object.entries({ ...asPage, cookie, ...more }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  for (const action of ['refresh', 'logout']) expect((await post(action, {}, headers)).body.code).toBe('forbidden');
  expect((await post('refresh', {}, { ...asPage, cookie })).status).toBe(200);
});

it('takes no cookie without the header, so that a form of another page can do nothing', async () => {
  const cookie = cookieOf(await post('login', credentials));
  expect((await post('refresh', {}, { cookie })).body).toMatchObject({
    code: 'invalid_payload',
    field: 'refresh_token',
  });
  expect((await post('logout', {}, { cookie })).status).toBe(401);
  expect((await post('refresh', {}, { ...asPage, cookie })).status).toBe(200);
});

it('answers other clients as before', async () => {
  const answer = await post('login', credentials, {});
  expect(answer.body.refresh_token).toEqual(expect.any(String));
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect((await post('login', credentials, { 'deskwire-session': 'yes' })).body.code).toBe('invalid_payload');
});
