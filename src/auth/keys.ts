/**
 * The key that access tokens are signed with. It is made once, by whichever node starts first, and kept in the database,
 * so that every node signs and verifies alike and tokens outlive a restart. ES256: asymmetric, so that others can verify
 * our tokens from the JWKS, and known to every verifier. Whoever can read the database can sign; guard it accordingly.
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
  /** What `GET /.well-known/jwks.json` shows: public keys only. */
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
