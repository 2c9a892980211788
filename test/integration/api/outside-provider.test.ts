import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Auth } from '../../../src/auth/auth.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { until } from '../../support/until.ts';
import { type Node, startAuth, startNode } from './rig.ts';

const authenticate = async (token: string, by: Auth) => by.authenticate(token);

describe('with an outside identity provider', () => {
  let node: Node;
  let server: Server;
  let outside: Auth;
  let signRaw: (claims: Record<string, unknown>, header: object) => Promise<string>;
  let keys: object[];
  let providerUsed: { jwksUrl: string; issuer: string; audience: string };
  let sign: (claims: Record<string, unknown>, issuedAt?: number) => Promise<string>;

  beforeAll(async () => {
    node = await startNode();
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'theirs', alg: 'RS256', use: 'sig' }] };
    keys = jwks.keys;
    signRaw = async (claims, header) => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const input = `${part({ alg: 'RS256', kid: 'theirs', ...header })}.${part(claims)}`;
      const signature = await crypto.subtle.sign(
        'RSASSA-PKCS1-v1_5',
        privateKey as Parameters<typeof crypto.subtle.sign>[1],
        Buffer.from(input),
      );
      return `${input}.${Buffer.from(signature).toString('base64url')}`;
    };
    server = createServer((_request, response) => response.end(JSON.stringify(jwks)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    sign = (claims, issuedAt = Math.floor(Date.now() / 1_000)) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'theirs' })
        .setIssuer('https://id.example.com/')
        .setAudience('deskwire')
        .setIssuedAt(issuedAt)
        .setExpirationTime(Math.floor(Date.now() / 1_000) + 3_600)
        .sign(privateKey);
    const provider = {
      jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
      issuer: 'https://id.example.com/',
      audience: 'deskwire',
    };
    providerUsed = provider;
    outside = await startAuth(node, { provider });
  });
  afterAll(async () => {
    await outside.close();
    server.close();
    server.closeAllConnections();
    await node[Symbol.asyncDispose]();
  });

  it('registers its users when their first token is seen', async () => {
    const token = await sign({ sub: 'auth0|42', name: 'Ada', role: 'AGENT', email: 'ada@example.com' });
    const { user } = await authenticate(token, outside);
    expect(user).toEqual({ id: 'auth0|42', name: 'Ada', role: 'agent', active: true, email: 'ada@example.com' });
  });

  it('makes a user without a known role a customer', async () => {
    const { user } = await authenticate(await sign({ sub: 'guest', role: 'superuser' }), outside);
    expect(user).toMatchObject({ id: 'guest', name: 'guest', role: 'customer' });
  });

  it('applies later tokens, and no older one undoes them', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const agent = await sign({ sub: 'eve', name: 'Eve', role: 'agent' }, now - 20);
    const again = await sign({ sub: 'eve', name: 'Eve', role: 'agent', jti: 'another' }, now - 15);
    const demoted = await sign({ sub: 'eve', name: 'Eve', role: 'customer' }, now - 10);
    expect((await authenticate(agent, outside)).user.role).toBe('agent');
    await authenticate(demoted, outside);
    await until(async () => (await authenticate(demoted, outside)).user.role === 'customer', 'the demotion');
    expect((await authenticate(again, outside)).user.role).toBe('customer');
    expect((await authenticate(agent, outside)).user.role).toBe('customer');
  });

  it('applies the vendor and the email of later tokens; a token without a vendor removes it', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const at = (seconds: number, claims: object) =>
      sign({ sub: 'vic', name: 'Vic', role: 'vendor', ...claims }, seconds);
    const as = async (token: Promise<string>) => (await authenticate(await token, outside)).user;
    expect(await as(at(now - 30, { vendorId: 'v-1', email: 'vic@example.com' }))).toMatchObject({ vendorId: 'v-1' });
    const moved = at(now - 20, { vendorId: 'v-2', email: 'vic@v2.example.com' });
    await until(async () => (await as(moved)).vendorId === 'v-2', 'the other vendor');
    expect(await as(moved)).toMatchObject({ email: 'vic@v2.example.com' });
    const left = at(now - 10, {});
    await until(async () => (await as(left)).vendorId === undefined, 'the end of the vendor');
    expect(await as(left)).toMatchObject({ email: 'vic@v2.example.com' });
  });

  /** A token with exactly these claims and header, as no library of ours would make it. */
  async function raw(claims: Record<string, unknown>, header: object = {}): Promise<string> {
    const seconds = Date.now() / 1_000;
    const all = { iss: 'https://id.example.com/', aud: 'deskwire', sub: 'raw', iat: seconds, exp: seconds + 60 };
    return signRaw({ ...all, ...claims }, header);
  }

  it.each([
    ['typ of another kind of token', {}, { typ: 'logout+jwt' }],
    ['typ of a proof', {}, { typ: 'dpop+jwt' }],
    ['typ in the claims', { typ: 'ID' }, {}],
    ['use in the claims', { token_use: 'id' }, {}],
    ['hash of an access token, as only ID tokens have', { at_hash: 'x' }, {}],
    ['iat in the future', { iat: Date.now() / 1_000 + 60 }, {}],
    ['iat that is not a number', { iat: 'now' }, {}],
    ['number as sub that a double cannot hold', { sub: 2 ** 53 }, {}],
    ['fraction as sub', { sub: 1.5 }, {}],
    ['object as sub', { sub: {} }, {}],
  ])('refuses a token with a %s', async (_what, claims, header) => {
    await expect(authenticate(await raw(claims, header), outside)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('accepts the typ %s', async (typ) => {
    await expect(authenticate(await raw({ sub: 'typed' }, { typ }), outside)).resolves.toBeDefined();
  });

  it('takes a numeric sub as its text, and fractions of seconds', async () => {
    const seconds = Date.now() / 1_000;
    const token = await raw({ sub: 4711, name: 'Num', iat: seconds - 0.123456, exp: seconds + 59.98765 });
    expect((await authenticate(token, outside)).user).toMatchObject({ id: '4711', name: 'Num' });
  });

  it('ends a token 24 hours after it was issued, whatever it says', async () => {
    const seconds = Math.floor(Date.now() / 1_000);
    const old = await raw({ sub: 'old', iat: seconds - 86_500, exp: seconds + 86_400 });
    await expect(authenticate(old, outside)).rejects.toMatchObject({ code: 'token_expired' });
    const young = await raw({ sub: 'old', iat: seconds - 86_000, exp: seconds + 864_000 });
    expect((await authenticate(young, outside)).expiresAt).toBe((seconds + 400) * 1_000);
  });

  it('ends a token when its key is withdrawn, within five minutes', async () => {
    let clock = Date.now();
    let shown = keys;
    const other = createServer((_request, response) => response.end(JSON.stringify({ keys: shown })));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const provider = { jwksUrl: `http://127.0.0.1:${port}/`, issuer: 'https://id.example.com/', audience: 'deskwire' };
    const watched = await startAuth(node, { provider, now: () => clock });
    const token = await sign({ sub: 'withdrawn' });
    await expect(authenticate(token, watched)).resolves.toBeDefined();
    shown = [];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 300_000 });
    clock += 300_000;
    try {
      await expect(authenticate(token, watched)).rejects.toMatchObject({ code: 'unauthorized' });
    } finally {
      vi.useRealTimers();
    }
    await watched.close();
    other.close();
    other.closeAllConnections();
  });

  it('logs the reason of a refusal, and nothing of the token', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const logging = await startAuth(node, { provider: { ...providerUsed }, log });
    const token = await raw({ sub: 'secret-subject' }, { typ: 'logout+jwt' });
    await expect(authenticate(token, logging)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(authenticate(await raw({ aud: 'x' }), logging)).rejects.toMatchObject({ code: 'unauthorized' });
    await logging.close();
    expect(lines.map((line) => JSON.parse(line).reason)).toEqual(['typ', 'claim aud']);
    expect(lines.join('')).not.toContain('secret-subject');
    expect(lines.join('')).not.toContain(token.slice(0, 20));
  });

  it('rejects our own tokens, and our own login rejects the provider’s', async () => {
    const own = await startAuth(node);
    await seedDemo({ actors: node.actors, credentials: own.own?.credentials });
    const tokens = await own.own?.login.login({
      email: 'driver@example.com',
      password: DEMO_PASSWORD,
      address: '203.0.113.7',
    });
    const refusal = { code: 'unauthorized' };
    await expect(authenticate(tokens?.accessToken ?? '', outside)).rejects.toMatchObject(refusal);
    await expect(authenticate(await sign({ sub: '2' }), own)).rejects.toMatchObject(refusal);
    await own.close();
  });

  it('answers unavailable, not unauthorized, while its keys cannot be loaded', async () => {
    const provider = { jwksUrl: 'http://127.0.0.1:1/', issuer: 'https://id.example.com/', audience: 'deskwire' };
    const cut = await startAuth(node, { provider });
    await expect(authenticate(await sign({ sub: 'guest' }), cut)).rejects.toMatchObject({ code: 'unavailable' });
    await cut.close();
  });
});
