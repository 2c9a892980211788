import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Auth } from '../../../src/auth/auth.ts';
import { DEMO_PASSWORD, seedDemo } from '../../../src/runtime/demo.ts';
import { until } from '../../support/until.ts';
import { type Node, startAuth, startNode } from './rig.ts';

const authenticate = async (token: string, by: Auth) => by.authenticate(token);

describe('with an outside identity provider', () => {
  let node: Node;
  let server: Server;
  let outside: Auth;
  let sign: (claims: Record<string, unknown>, issuedAt?: number) => Promise<string>;

  beforeAll(async () => {
    node = await startNode();
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'theirs', alg: 'RS256', use: 'sig' }] };
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
