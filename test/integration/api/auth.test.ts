import { createHash } from 'node:crypto';
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Auth } from '../../../src/auth/auth.ts';
import type { RefreshClient } from '../../../src/auth/refresh-client.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { until } from '../../support/until.ts';
import { connectTo, type Node, startAuth, startNode } from './rig.ts';

const ADMIN = { id: '2', name: 'admin', role: 'admin', active: true } as const;
const address = '203.0.113.7';
const browser = { address, userAgent: 'Mozilla/5.0' };
const driver = { email: 'driver@example.com', password: DEMO_PASSWORD, address };

let node: Node;
let auth: Auth;
let clock = Date.now();

beforeAll(async () => {
  node = await startNode();
  auth = await startAuth(node, { now: () => clock });
  await seedDemo({ actors: node.actors, credentials: auth.own?.credentials });
});
afterAll(async () => {
  await auth.close();
  await node[Symbol.asyncDispose]();
});

function login(of = auth) {
  if (of.own === undefined) throw new Error('no sign-in of our own');
  return of.own.login;
}

const authenticate = async (token: string, by = auth) => by.authenticate(token);

async function activeKey() {
  const { rows } = await node.pool.query<{ kid: string; private_jwk: object }>(
    'select kid, private_jwk from deskwire.signing_keys where active',
  );
  const row = rows[0];
  if (row === undefined) throw new Error('no key');
  return { kid: row.kid, key: await importJWK(row.private_jwk, 'ES256') };
}

async function forged(change: (token: SignJWT) => SignJWT): Promise<string> {
  const { kid, key } = await activeKey();
  const token = new SignJWT({ role: 'admin', name: 'x' })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer('deskwire')
    .setAudience('deskwire')
    .setSubject('1')
    .setExpirationTime(Math.floor(clock / 1_000) + 60);
  return change(token).sign(key);
}

describe('an access token', () => {
  it('identifies its bearer, without a promise when seen before', async () => {
    const { accessToken, expiresIn, user } = await login().login(driver);
    expect(user).toMatchObject({ id: '1', role: 'driver', name: 'john_driver' });
    const first = await authenticate(accessToken);
    expect(first.user).toMatchObject({ id: '1', role: 'driver', active: true });
    expect(first.expiresAt).toBe((Math.floor(clock / 1_000) + expiresIn) * 1_000);
    expect(auth.authenticate(accessToken)).toEqual(first);
  });

  it('is refused when it is not signed', async () => {
    const token = new UnsecuredJWT({ role: 'admin' })
      .setSubject('2')
      .setIssuer('deskwire')
      .setAudience('deskwire')
      .setExpirationTime('1h')
      .encode();
    await expect(authenticate(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is refused when it is signed with the public key as a shared secret', async () => {
    const jwk = auth.own?.jwks.keys[0];
    if (jwk === undefined) throw new Error('no key');
    const publicKey = await importJWK({ ...jwk, ext: true }, 'ES256');
    if (publicKey instanceof Uint8Array) throw new Error('symmetric');
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(jwk), jwk.x ?? '']) {
      const token = await new SignJWT({ role: 'admin' })
        .setProtectedHeader({ alg: 'HS256', kid: jwk.kid ?? '' })
        .setSubject('2')
        .setIssuer('deskwire')
        .setAudience('deskwire')
        .setExpirationTime('1h')
        .sign(createHash('sha256').update(secret).digest());
      await expect(authenticate(token)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });

  it.each([
    ['another issuer', (token: SignJWT) => token.setIssuer('somebody')],
    ['another audience', (token: SignJWT) => token.setAudience('somebody')],
    ['an unknown user', (token: SignJWT) => token.setSubject('nobody')],
    ['a time before which it is not valid', (token: SignJWT) => token.setNotBefore(Math.floor(clock / 1_000) + 60)],
  ])('is refused with %s', async (_what, change) => {
    await expect(authenticate(await forged((token) => token))).resolves.toBeDefined();
    await expect(authenticate(await forged(change))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is refused when it was tampered with', async () => {
    const { accessToken } = await login().login(driver);
    const [header, , signature] = accessToken.split('.');
    const payload = Buffer.from(JSON.stringify({ sub: '2', iss: 'deskwire', aud: 'deskwire', exp: 9e9 }));
    await expect(authenticate([header, payload.toString('base64url'), signature].join('.'))).rejects.toMatchObject({
      code: 'unauthorized',
    });
    for (const nonsense of ['', 'a', 'a.b.c', '....', 'x'.repeat(100_000)]) {
      await expect(authenticate(nonsense)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });

  it('expires, also when it was seen before', async () => {
    const { accessToken, expiresIn } = await login().login(driver);
    await authenticate(accessToken);
    clock += (expiresIn + 10) * 1_000;
    await expect(authenticate(accessToken)).rejects.toMatchObject({ code: 'token_expired' });
    await expect(authenticate(accessToken)).rejects.toMatchObject({ code: 'token_expired' });
  });

  it('gives its user’s present role, not the claimed one', async () => {
    const token = await forged((claims) => claims.setSubject('8'));
    expect((await authenticate(token)).user.role).toBe('driver');
    const command = { type: 'ChangeUser', role: 'agent' } as const;
    await node.actors.execute('user', '8', command, { commandId: 'promote', by: ADMIN, correlationId: 'x' });
    await until(async () => (await authenticate(token)).user.role === 'agent', 'the new role');
  });

  it('stops working when its user is deactivated', async () => {
    const { accessToken, refreshToken } = await login().login({ ...driver, email: 'ops@example.com' });
    await authenticate(accessToken);
    const command = { type: 'ChangeUser', active: false } as const;
    await node.actors.execute('user', '6', command, { commandId: 'deactivate', by: ADMIN, correlationId: 'x' });
    const refused = () =>
      authenticate(accessToken).then(
        () => false,
        (error) => error.code === 'unauthorized',
      );
    await until(refused, 'the refusal of the token');
    await expect(login().refresh(refreshToken, browser)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(login().login({ ...driver, email: 'ops@example.com' })).rejects.toMatchObject({
      code: 'unauthorized',
    });
  });
});

describe('keys', () => {
  it('are the same for nodes that start together', async () => {
    await using fresh = await startNode();
    const nodes = await Promise.all(Array.from({ length: 4 }, () => startAuth(fresh)));
    const kids = nodes.map((one) => one.own?.jwks.keys.map((key) => key.kid));
    expect(new Set(kids.map(String)).size).toBe(1);
    expect(nodes[0]?.own?.jwks.keys).toHaveLength(1);
    for (const one of nodes) one.close();
  });

  it('contain no private key', () => {
    expect(auth.own?.jwks.keys[0]).not.toHaveProperty('d');
  });
});

describe('signing in', () => {
  it('refuses a wrong password and an unknown email with the same words', async () => {
    const wrong = await login()
      .login({ ...driver, password: 'wrong' })
      .catch((error) => error);
    const unknown = await login()
      .login({ ...driver, email: 'nobody@example.com' })
      .catch((error) => error);
    expect(wrong).toMatchObject({ code: 'unauthorized', message: 'Wrong email or password' });
    expect(unknown).toMatchObject({ code: wrong.code, message: wrong.message });
  });

  it('ignores the case of emails', async () => {
    await expect(login().login({ ...driver, email: ' Driver@Example.com' })).resolves.toBeDefined();
  });

  async function limitedNode(attemptsOf: Partial<typeof driver> = driver) {
    const limited = await startAuth(node, { limitAttempts: true });
    const attempt = (password: string, from = address, email = attemptsOf.email ?? driver.email) =>
      login(limited)
        .login({ email, password, address: from })
        .then(
          () => 'in',
          (error) => error,
        );
    return { limited, attempt };
  }
  const refusedAs = (code: string) => expect.objectContaining({ code });

  it('is limited per email and address, and forgets the failures after a success', async () => {
    const { limited, attempt } = await limitedNode();
    for (let i = 0; i < 9; i++) await attempt('wrong');
    expect(await attempt(DEMO_PASSWORD)).toBe('in');
    for (let i = 0; i < 10; i++) expect(await attempt('wrong')).toMatchObject({ code: 'unauthorized' });
    const refused = await attempt(DEMO_PASSWORD);
    expect(refused).toMatchObject({ code: 'rate_limited' });
    expect(refused.retryAfter).toBeGreaterThan(0);
    expect(await attempt(DEMO_PASSWORD, '203.0.113.8')).toBe('in');
    await limited.close();
  });

  it('is limited per account over all addresses, but for those where the user signed in before', async () => {
    const email = 'accounts@example.com';
    const { limited, attempt } = await limitedNode({ email });
    const home = '198.51.100.1';
    expect(await attempt(DEMO_PASSWORD, home)).toBe('in');
    const { refreshToken } = await login(limited).login({ email, password: DEMO_PASSWORD, address: home });
    const guesses = Array.from({ length: 400 }, (_, i) => `203.0.${100 + (i % 40)}.9`);
    const answers = [];
    for (const from of guesses.slice(0, 80)) answers.push(await attempt('wrong', from));
    expect(answers.filter(({ code }) => code === 'unauthorized')).toHaveLength(50);
    expect(await attempt(DEMO_PASSWORD, guesses.at(-1))).toEqual(refusedAs('rate_limited'));
    expect(await attempt(DEMO_PASSWORD, home)).toBe('in');
    await expect(login(limited).refresh(refreshToken, { address: home, userAgent: '' })).resolves.toBeDefined();
    expect(await attempt(DEMO_PASSWORD, '198.51.100.77', 'agent@example.com')).toBe('in');
    await limited.close();
  });

  it('takes the /64 of an IPv6 address for one client', async () => {
    const { limited, attempt } = await limitedNode({ email: 'vendor@example.com' });
    const from = (i: number) => `2001:db8:7:7:${i.toString(16)}::1`;
    for (let i = 0; i < 10; i++) expect(await attempt('wrong', from(i))).toEqual(refusedAs('unauthorized'));
    expect(await attempt(DEMO_PASSWORD, from(11))).toEqual(refusedAs('rate_limited'));
    await limited.close();
  });

  it('does not count successes: an office of 110 signs in from one address', async () => {
    const { limited, attempt } = await limitedNode();
    for (let i = 0; i < 110; i++) expect(await attempt(DEMO_PASSWORD, '192.0.2.50')).toBe('in');
    await limited.close();
  });
});

describe('staying signed in', () => {
  it('exchanges a refresh token for the next', async () => {
    const first = await login().login(driver);
    const second = await login().refresh(first.refreshToken, browser);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const third = await login().refresh(second.refreshToken, browser);
    expect((await authenticate(third.accessToken)).sessionId).toBe((await authenticate(first.accessToken)).sessionId);
  });

  const elsewhere = { address: '198.51.100.9', userAgent: 'Mozilla/5.0' };

  it('ends the session and its tokens on all nodes when a refresh token is reused', async () => {
    const other = await startAuth(node, { now: () => clock });
    const first = await login().login(driver);
    const second = await login().refresh(first.refreshToken, browser);
    await authenticate(second.accessToken, other);
    await expect(login().refresh(first.refreshToken, elsewhere)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(login().refresh(second.refreshToken, browser)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(authenticate(second.accessToken)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(authenticate(second.accessToken, other)).rejects.toMatchObject({ code: 'unauthorized' });
    await other.close();
  });

  it('accepts only one of many concurrent uses by different clients', async () => {
    const { refreshToken } = await login().login(driver);
    const clients = Array.from({ length: 8 }, (_, index) => ({ ...browser, address: `203.0.113.${index}` }));
    const uses = await Promise.allSettled(clients.map((by) => login().refresh(refreshToken, by)));
    expect(uses.filter((use) => use.status === 'fulfilled')).toHaveLength(1);
  });

  describe('when the answer to a refresh is lost', () => {
    async function lost(by: RefreshClient = browser) {
      const { refreshToken } = await login().login(driver);
      return { refreshToken, next: (await login().refresh(refreshToken, by)).refreshToken };
    }
    const refused = (refreshToken: string, by: RefreshClient) =>
      expect(login().refresh(refreshToken, by)).rejects.toMatchObject({ code: 'unauthorized' });

    it('gives the same client the same next token, once', async () => {
      const { refreshToken, next } = await lost();
      const again = await login().refresh(refreshToken, browser);
      expect(again.refreshToken).toBe(next);
      await expect(authenticate(again.accessToken)).resolves.toBeDefined();
      await refused(refreshToken, browser);
      await refused(next, browser);
    });

    it('lets the session go on after the repetition', async () => {
      const { refreshToken } = await lost();
      const again = await login().refresh(refreshToken, browser);
      const third = await login().refresh(again.refreshToken, browser);
      expect((await login().refresh(third.refreshToken, browser)).refreshToken).not.toBe(third.refreshToken);
    });

    it.each([
      ['another address', { ...browser, address: '198.51.100.9' }],
      ['another user agent', { ...browser, userAgent: 'curl/8' }],
      ['an invented key from another address', { ...browser, address: '198.51.100.9', key: 'invented' }],
      ['another IPv6 network', { ...browser, address: '2001:db8:1:2::1' }],
    ])('ends the session for %s', async (_what, by) => {
      const { refreshToken, next } = await lost();
      await refused(refreshToken, by);
      await refused(next, browser);
    });

    it('ends the session after seconds', async () => {
      const { refreshToken, next } = await lost();
      clock += 30_000;
      await refused(refreshToken, browser);
      await refused(next, browser);
    });

    it('ends the session when the next token was used already', async () => {
      const { refreshToken, next } = await lost();
      const third = await login().refresh(next, browser);
      await refused(refreshToken, browser);
      await refused(third.refreshToken, browser);
    });

    it('recognises a client by its key on another network, and by its address with another key', async () => {
      const { refreshToken, next } = await lost({ ...browser, key: 'k1' });
      expect((await login().refresh(refreshToken, { ...elsewhere, key: 'k1' })).refreshToken).toBe(next);
      const other = await lost({ ...browser, key: 'k2' });
      const reloaded = await login().refresh(other.refreshToken, { ...browser, key: 'k3' });
      expect(reloaded.refreshToken).toBe(other.next);
    });

    it('recognises a client by the /64 network of its IPv6 address', async () => {
      const { refreshToken, next } = await lost({ ...browser, address: '2001:db8::1' });
      const again = await login().refresh(refreshToken, { ...browser, address: '2001:db8::ffff' });
      expect(again.refreshToken).toBe(next);
    });

    it('answers two concurrent uses by the same client', async () => {
      const { refreshToken } = await login().login(driver);
      const [one, two] = await Promise.all([
        login().refresh(refreshToken, browser),
        login().refresh(refreshToken, browser),
      ]);
      expect(one.refreshToken).toBe(two.refreshToken);
    });
  });

  it('rejects invented tokens, and stores none in clear text', async () => {
    await expect(login().refresh('made-up', browser)).rejects.toMatchObject({ code: 'unauthorized' });
    const { refreshToken } = await login().login(driver);
    const { rows } = await node.pool.query<{ hash: Buffer }>('select hash from deskwire.refresh_tokens');
    expect(rows.some(({ hash }) => hash.includes(refreshToken))).toBe(false);
  });
});

describe('signing out', () => {
  it('ends the tokens of the session and no others', async () => {
    const here = await login().login(driver);
    const there = await login().login(driver);
    const { sessionId } = await authenticate(here.accessToken);
    await login().logout(sessionId ?? '');
    await expect(authenticate(here.accessToken)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(login().refresh(here.refreshToken, browser)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(authenticate(there.accessToken)).resolves.toBeDefined();
  });

  it('reaches other nodes at once', async () => {
    await using parts = new AsyncDisposableStack();
    const broker = await connectTo(node.natsUrl, parts);
    const other = await startAuth({ ...node, broker }, { pollEvery: 3_600_000, now: () => clock });
    parts.defer(other.close);
    const ended: string[] = [];
    other.onSessionRevoked((sessionId) => ended.push(sessionId));
    const { accessToken } = await login().login(driver);
    const { sessionId } = await authenticate(accessToken, other);
    await login().logout(sessionId ?? '');
    await until(() => ended.includes(sessionId ?? ''), 'the end of the session');
    await expect(authenticate(accessToken, other)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('reaches a node that got no signal', async () => {
    const { pool, actors, directory } = node;
    const deaf = await startAuth({ pool, actors, directory }, { pollEvery: 20, now: () => clock });
    const ended: string[] = [];
    deaf.onSessionRevoked((sessionId) => ended.push(sessionId));
    const { accessToken } = await login().login(driver);
    const { sessionId } = await authenticate(accessToken, deaf);
    await login().logout(sessionId ?? '');
    await until(() => ended.includes(sessionId ?? ''), 'the end of the session');
    await expect(authenticate(accessToken, deaf)).rejects.toMatchObject({ code: 'unauthorized' });
    await deaf.close();
  });

  it('is known to a node that starts later', async () => {
    const { accessToken, refreshToken } = await login().login(driver);
    await login().logoutWith(refreshToken);
    const late = await startAuth(node, { now: () => clock });
    await expect(authenticate(accessToken, late)).rejects.toMatchObject({ code: 'unauthorized' });
    await late.close();
  });
});
