/** Test that sockets end with the key of their token, over all processes. Source: docs/decisions/0075. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { rotateSigningKey, withdrawSigningKey } from '../../../src/auth/keys.ts';
import { listen, signIn, startNode, startServices } from './rig.ts';

const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

it('ends the sockets of a withdrawn signing key on every node, on all namespaces, and no others', async () => {
  await using services = await startServices();
  await using one = await startNode(services, { auth: { pollEvery: 50 } });
  await using two = await startNode(services, { auth: { pollEvery: 50 } });
  const early = await signIn(one.url, 'driver');
  using here = early.connect();
  using there = listen(`${two.url}/notifications`, { auth: { token: early.token } });
  using desk = listen(`${two.url}/support`, { auth: { token: early.token } });
  await Promise.all([here.first('connected'), there.first('connected'), desk.first('connected')]);
  const kid = await rotateSigningKey(one.pool);
  // Sessions of the minute around the key's time end, too: this one is only kept by its own key.
  await one.pool.query("update deskwire.sessions set created_at = now() - interval '1 day', last_used_at = created_at");
  await withdrawSigningKey(one.pool, kidOf(early.token));
  for (const socket of [here, there, desk]) {
    expect(await socket.first('error')).toEqual({ type: 'unauthorized', message: 'Authentication required' });
  }
  expect((await early.send('GET', '/api/v1/support')).status).toBe(401);
  const late = await signIn(two.url, 'driver');
  expect(kidOf(late.token)).toBe(kid);
  using again = late.connect();
  await again.first('connected');
});

it('ends the sockets of a key that the provider withdrew, and keeps them while the provider is away', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  let shown: object[] = [{ ...(await exportJWK(publicKey)), kid: 'theirs', alg: 'RS256', use: 'sig' }];
  let away = false;
  let asked = 0;
  const provider = createServer((_request, response) => {
    asked += 1;
    response.statusCode = away ? 503 : 200;
    response.end(JSON.stringify({ keys: shown }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => {
    provider.close();
    provider.closeAllConnections();
  });
  const services = stack.use(await startServices());
  const jwksUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`;
  const told = { jwksUrl, issuer: 'https://id.example.com/', audience: 'deskwire', recheckEvery: 100 };
  const node = stack.use(await startNode(services, { auth: { provider: told }, gateway: { userCheckEvery: 50 } }));
  const seconds = Math.floor(Date.now() / 1_000);
  const token = await new SignJWT({ sub: 'ada', name: 'Ada', role: 'agent' })
    .setProtectedHeader({ alg: 'RS256', kid: 'theirs' })
    .setIssuer(told.issuer)
    .setAudience(told.audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 3_600)
    .sign(privateKey);
  using socket = listen(`${node.url}/`, { auth: { token } });
  await socket.first('connected');
  away = true;
  const before = asked;
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(before + 2);
  expect(socket.socket.connected).toBe(true);
  shown = [];
  away = false;
  expect(await socket.first('error')).toEqual({ type: 'unauthorized', message: 'Authentication required' });
});
