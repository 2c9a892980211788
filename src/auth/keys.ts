/**
 * The key that signs access tokens. The node that starts first creates it in the database, so that all nodes use the
 * same key and tokens survive a restart. The algorithm is ES256: it is asymmetric, so that others can verify our tokens
 * with the JWKS, and every verifier supports it. Everyone who can read the database can sign tokens.
 */
import { randomUUID } from 'node:crypto';
import {
  type CryptoKey,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';
import type { Pool } from 'pg';

export const SIGNING_ALGORITHM = 'ES256';

export interface SigningKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** Public keys, as `GET /.well-known/jwks.json` shows them. */
  readonly jwks: JSONWebKeySet;
  readonly publicKeyOf: JWTVerifyGetKey;
}

interface KeyRow {
  readonly kid: string;
  readonly active: boolean;
  readonly public_jwk: JWK;
  readonly private_jwk: JWK;
}

const SELECT = 'select kid, active, public_jwk, private_jwk from deskwire.signing_keys order by created_at';
const INSERT = `
  insert into deskwire.signing_keys (kid, algorithm, public_jwk, private_jwk, active)
  values ($1, $2, $3, $4, true) on conflict do nothing`;

export async function loadSigningKeys(pool: Pool): Promise<SigningKeys> {
  let rows = (await pool.query<KeyRow>(SELECT)).rows;
  if (!rows.some((row) => row.active)) {
    await createKey(pool);
    rows = (await pool.query<KeyRow>(SELECT)).rows;
  }
  const active = rows.find((row) => row.active);
  if (active === undefined) throw new Error('deskwire.signing_keys holds no active key');
  const privateKey = await importJWK(active.private_jwk, SIGNING_ALGORITHM);
  if (privateKey instanceof Uint8Array) throw new Error(`signing key ${active.kid} is not asymmetric`);
  const jwks = { keys: rows.map((row) => row.public_jwk) };
  return { kid: active.kid, privateKey, jwks, publicKeyOf: createLocalJWKSet(jwks) };
}

async function createKey(pool: Pool): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const kid = randomUUID();
  const common = { kid, alg: SIGNING_ALGORITHM, use: 'sig' };
  const publicJwk = { ...(await exportJWK(publicKey)), ...common };
  const privateJwk = { ...(await exportJWK(privateKey)), ...common };
  await pool.query(INSERT, [kid, SIGNING_ALGORITHM, publicJwk, privateJwk]);
}
