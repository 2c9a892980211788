/**
 * Who posts and listens: drivers who have tickets, and agents to whom these are assigned. Their tokens come from an identity
 * provider of ours for Deskwire (asymmetric keys, as it insists on), and from the shared secret that the peer checks with.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: 'driver' | 'agent';
}

export const DRIVERS: readonly Person[] = people('driver', 64);
export const AGENTS: readonly Person[] = people('agent', 16);

function people(role: Person['role'], count: number): Person[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${role}-${index}`, name: `${role} ${index}`, role }));
}

export type TokenOf = (person: Person) => Promise<string>;

export interface IdentityProvider extends AsyncDisposable {
  /** What Deskwire is to be configured with. */
  readonly settings: Readonly<Record<'JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE', string>>;
  readonly tokenOf: TokenOf;
}

const NAME = 'bench';

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: NAME, alg: 'ES256', use: 'sig' }] });
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(keys);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { JWKS_URL: `http://127.0.0.1:${port}/jwks.json`, JWT_ISSUER: NAME, JWT_AUDIENCE: NAME },
    tokenOf: ({ id, name, role }) =>
      new SignJWT({ name, role })
        .setProtectedHeader({ alg: 'ES256', kid: NAME })
        .setIssuer(NAME)
        .setAudience(NAME)
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime('2h')
        .sign(privateKey),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tokens as the peer's own login would sign them. */
export function secretTokens(secret: string): TokenOf {
  const key = new TextEncoder().encode(secret);
  return ({ id, name, role }) =>
    new SignJWT({ name, role })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(id)
      .setIssuedAt()
      .setExpirationTime('2h')
      .sign(key);
}
