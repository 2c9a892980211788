/**
 * The users of the benchmarks: drivers with tickets, and agents to whom the tickets are assigned. Deskwire requires
 * tokens with asymmetric keys, which come from the benchmark's own identity provider. The peer's tokens use a shared
 * secret.
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
  /** Settings with which Deskwire accepts the tokens. */
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

/** Tokens in the form in which the peer's own login would sign them. */
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
