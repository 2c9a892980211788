import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PasswordMail } from '../../../src/auth/account.ts';
import { DEMO_PASSWORD } from '../../../src/runtime/demo.ts';
import { until } from '../../support/until.ts';
import { type ApiRig, type Client, clientOf, startApi } from './rig.ts';

const GOOD = 'kettle on thursday';
let api: ApiRig;
let admin: Client;
const mails: Parameters<PasswordMail['send']>[0][] = [];

beforeAll(async () => {
  const passwordMail = { send: (mail: (typeof mails)[number]) => Promise.resolve(void mails.push(mail)) };
  api = await startApi({ auth: { passwordMail } });
  admin = await api.as('admin@example.com');
});
afterAll(() => api[Symbol.asyncDispose]());

const login = (email: string, password: string) =>
  api.anonymous.send('POST', '/api/v1/auth/login', { email, password });

async function signIn(email: string, password = DEMO_PASSWORD) {
  const { status, body } = await login(email, password);
  expect(status).toBe(200);
  return { client: clientOf(api.url, body.access_token), refresh: body.refresh_token as string };
}

async function newUser(id: string): Promise<string> {
  const email = `${id}@example.com`;
  const user = { id, name: id, role: 'driver', email, password: GOOD };
  expect((await admin.send('POST', '/api/v1/users', user)).status).toBe(201);
  return email;
}

const reads = async (client: Client) => (await client.send('GET', '/api/v1/users/me')).status;

describe('a password', () => {
  it('is changed by its user; every other session ends', async () => {
    const email = await newUser('changer');
    const [here, there] = [await signIn(email, GOOD), await signIn(email, GOOD)];
    const change = { currentPassword: GOOD, newPassword: 'lantern at midnight' };
    expect((await here.client.send('POST', '/api/v1/auth/password', change)).status).toBe(204);
    expect(await reads(here.client)).toBe(200);
    expect(await reads(there.client)).toBe(401);
    const refreshed = (token: string) => api.anonymous.send('POST', '/api/v1/auth/refresh', { refresh_token: token });
    expect((await refreshed(there.refresh)).status).toBe(401);
    expect((await refreshed(here.refresh)).status).toBe(200);
    expect((await login(email, GOOD)).status).toBe(401);
    expect((await login(email, 'lantern at midnight')).status).toBe(200);
  });

  it('is not changed without the current one, nor to a short or common one', async () => {
    const { client } = await signIn(await newUser('keeper'), GOOD);
    const change = (currentPassword: string, newPassword: string) =>
      client.send('POST', '/api/v1/auth/password', { currentPassword, newPassword });
    const refusal = (status: number, field: string) => ({ status, body: { field } });
    expect(await change('wrong', 'lantern at midnight')).toMatchObject(refusal(403, 'currentPassword'));
    for (const bad of ['short', 'password1234', 'keeper123456', 'x'.repeat(1_025)]) {
      expect(await change(GOOD, bad), bad).toMatchObject(refusal(400, 'newPassword'));
    }
    const anonymous = await api.anonymous.send('POST', '/api/v1/auth/password', {
      currentPassword: GOOD,
      newPassword: 'lantern at midnight',
    });
    expect(anonymous.status).toBe(401);
    expect(await reads(client)).toBe(200);
  });

  it.each(['short', 'elevenchars', 'password1234', DEMO_PASSWORD])('is refused to a new user: %s', async (password) => {
    const user = { name: 'New', role: 'driver', email: `new-${password.length}@example.com`, password };
    const refusal = { status: 400, body: { code: 'invalid_payload', field: 'password' } };
    expect(await admin.send('POST', '/api/v1/users', user)).toMatchObject(refusal);
  });
});

describe('a forgotten password', () => {
  const ask = (email: string) => api.anonymous.send('POST', '/api/v1/auth/password-reset', { email });
  const confirm = (token: string, newPassword = 'lantern at midnight') =>
    api.anonymous.send('POST', '/api/v1/auth/password-reset/confirm', { token, newPassword });

  it('is set with the link of a mail: once, and all sessions end', async () => {
    const email = await newUser('forgetful');
    const { client } = await signIn(email, GOOD);
    expect((await ask(email.toUpperCase())).status).toBe(202);
    await until(() => mails.length === 1, 'the mail');
    const token = mails[0]?.token ?? '';
    const { rows } = await api.node.pool.query<{ hash: Buffer }>('select hash from deskwire.password_resets');
    expect(rows.some(({ hash }) => hash.includes(token))).toBe(false);
    expect(await confirm(token, 'password1234')).toMatchObject({ status: 400, body: { field: 'newPassword' } });
    const uses = await Promise.all([confirm(token), confirm(token), confirm(token)]);
    expect(uses.map(({ status }) => status).sort()).toEqual([204, 400, 400]);
    expect(await confirm(token)).toMatchObject({ status: 400, body: { field: 'token' } });
    expect(await reads(client)).toBe(401);
    expect((await login(email, GOOD)).status).toBe(401);
    expect((await login(email, 'lantern at midnight')).status).toBe(200);
  });

  it('is answered alike for nobody', async () => {
    const before = mails.length;
    const answer = await ask('nobody@example.com');
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 202, body: { success: true } });
    expect(mails).toHaveLength(before);
  });

  it('is replaced with the link of an admin, and no one else', async () => {
    const email = await newUser('linked');
    const made = await admin.send('POST', '/api/v1/users/linked/password-reset');
    expect(made.status).toBe(201);
    expect(Date.parse(made.body.expiresAt)).toBeGreaterThan(Date.now());
    const tokenOf = (url: string) => new URL(url).searchParams.get('token') ?? '';
    const next = await admin.send('POST', '/api/v1/users/linked/password-reset');
    expect((await confirm(tokenOf(made.body.url))).status).toBe(400);
    expect((await confirm(tokenOf(next.body.url))).status).toBe(204);
    expect((await login(email, 'lantern at midnight')).status).toBe(200);
    for (const other of ['agent', 'service', 'driver']) {
      const client = await api.as(`${other}@example.com`);
      expect((await client.send('POST', '/api/v1/users/linked/password-reset')).status, other).toBe(403);
    }
    expect((await admin.send('POST', '/api/v1/users/no-such-user/password-reset')).status).toBe(404);
  });

  it('ends with its time', async () => {
    await newUser('late');
    const { body } = await admin.send('POST', '/api/v1/users/late/password-reset');
    await api.node.pool.query(`update deskwire.password_resets set expires_at = now() where user_id = 'late'`);
    expect((await confirm(new URL(body.url).searchParams.get('token') ?? '')).status).toBe(400);
  });
});

describe('sessions', () => {
  const list = (client: Client) => client.send('GET', '/api/v1/auth/sessions');

  it('are listed to their user, and ended one by one', async () => {
    const email = await newUser('sitter');
    const [here, there] = [await signIn(email, GOOD), await signIn(email, GOOD)];
    const { body } = await list(here.client);
    expect(body.items).toHaveLength(2);
    const [current, other] = [true, false].map((is) =>
      body.items.find((one: { current: boolean }) => one.current === is),
    );
    expect(current).toMatchObject({ id: expect.any(String), device: expect.any(String), address: '127.0.0.1' });
    expect(Date.parse(current.lastUsedAt)).toBeGreaterThanOrEqual(Date.parse(current.createdAt));
    expect((await here.client.send('DELETE', `/api/v1/auth/sessions/${other.id}`)).status).toBe(204);
    expect(await reads(there.client)).toBe(401);
    expect((await list(here.client)).body.items).toHaveLength(1);
    expect((await here.client.send('DELETE', `/api/v1/auth/sessions/${other.id}`)).status).toBe(404);
  });

  it('of others do not exist', async () => {
    const mine = await signIn(await newUser('mine'), GOOD);
    const [{ id }] = (await list(mine.client)).body.items;
    for (const which of [id, 'nonsense', "' or 1=1"]) {
      const path = `/api/v1/auth/sessions/${encodeURIComponent(which)}`;
      expect((await admin.send('DELETE', path)).status).toBe(404);
    }
    expect(await reads(mine.client)).toBe(200);
  });
});

describe('a deactivated user', () => {
  it('is not signed in again by an activation: neither old tokens nor refresh tokens work', async () => {
    const email = await newUser('suspended');
    const { client, refresh } = await signIn(email, GOOD);
    const by = { id: '2', name: 'admin', role: 'admin', active: true } as const;
    // By the decider alone, as the command line and an identity provider do.
    for (const active of [false, true]) {
      const context = { commandId: `active:${active}`, by, correlationId: 'x' };
      await api.node.actors.execute('user', 'suspended', { type: 'ChangeUser', active }, context);
    }
    await until(async () => (await login(email, GOOD)).status === 200, 'a new session');
    expect(await reads(client)).toBe(401);
    expect((await api.anonymous.send('POST', '/api/v1/auth/refresh', { refresh_token: refresh })).status).toBe(401);
    expect(await reads((await signIn(email, GOOD)).client)).toBe(200);
  });
});

describe('the trail', () => {
  it('has each success, failure and change in the stream of the user, guesses as a count', async () => {
    await using other = await startApi({ auth: { trailWindow: 3_600_000 } });
    const send = (password: string) =>
      other.anonymous.send('POST', '/api/v1/auth/login', { email: 'ops@example.com', password });
    for (let i = 0; i < 12; i++) expect((await send(`wrong ${i}`)).status).toBe(401);
    expect((await send(DEMO_PASSWORD)).status).toBe(200);
    await other.auth.close();
    const events = await other.node.reader.readStream({ stream: 'user.6', after: 0, limit: 100 });
    const trail = events.flatMap((event) => (event.type === 'AccountActivityRecorded' ? [event.data] : []));
    const failed = trail.filter(({ activity }) => activity === 'sign_in_failed');
    expect(failed).toHaveLength(6);
    expect(failed.at(-1)).toMatchObject({ count: 7 });
    expect(trail.filter(({ activity }) => activity === 'signed_in')).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain('wrong 1');
  });
});
