/**
 * The keys that sign access tokens. They are in the database, so that all nodes use the same ones and tokens survive a
 * restart; the node that starts first creates one. The algorithm is ES256: it is asymmetric, so that others can verify
 * our tokens with the JWKS, and every verifier supports it. Everyone who can read the database can sign tokens.
 *
 *   rotate    a new key signs; the earlier one is retired: it verifies until the last token that it signed has expired
 *   withdraw  a key that others may know is removed: its tokens end, and the sessions that got tokens from it
 *
 * Every node reads the keys every few seconds, and at once for a token of a key that it does not know. Decision 0075.
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
import { sleep } from '../support/sleep.ts';
import { inTransaction, type Queryable } from './transaction.ts';

export const SIGNING_ALGORITHM = 'ES256';
/** Seconds that an access token is valid. A logout revokes it at once, so it need not be short. */
export const ACCESS_TOKEN_SECONDS = 3_600;
/** Seconds that a retired key is kept after its last token has expired: clocks differ. */
const MARGIN_SECONDS = 60;

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

export interface SigningKeys {
  /** The key that signs. */
  readonly current: SigningKey;
  /** Public keys, as `GET /.well-known/jwks.json` shows them. */
  readonly jwks: JSONWebKeySet;
  readonly publicKeyOf: JWTVerifyGetKey;
  /** Whether tokens of this key are valid. */
  has(kid: string): boolean;
  /** Calls `listener` after a key has become invalid. Returns the unsubscribe function. */
  onRemoved(listener: () => void): () => void;
  close(): void;
}

export interface ListedKey {
  readonly kid: string;
  readonly state: 'signs' | 'verifies';
  readonly createdAt: string;
  readonly retiredAt: string | null;
}

interface KeyRow {
  readonly kid: string;
  readonly active: boolean;
  readonly public_jwk: JWK;
  readonly private_jwk: JWK;
}

interface WatchOptions {
  readonly pool: Pool;
  onError(error: unknown): void;
  /** Milliseconds between two reads; 3,000 when absent. */
  readonly every?: number;
  /** Milliseconds between two reads that tokens ask for; 1,000 when absent. */
  readonly atMostEvery?: number;
}

interface Known {
  readonly signs: SigningKey;
  readonly kids: ReadonlySet<string>;
  readonly jwks: JSONWebKeySet;
  readonly publicKeyOf: JWTVerifyGetKey;
}

const VALID = `active or retired_at > now() - ${ACCESS_TOKEN_SECONDS + MARGIN_SECONDS} * interval '1 second'`;
const SELECT = `select kid, active, public_jwk, private_jwk from deskwire.signing_keys where ${VALID} order by created_at`;
const LIST = `
  select kid, active, created_at, retired_at from deskwire.signing_keys where ${VALID} order by created_at`;
const INSERT = `
  insert into deskwire.signing_keys (kid, algorithm, public_jwk, private_jwk, active)
  values ($1, $2, $3, $4, true) on conflict do nothing`;
const FORGET_EXPIRED = `delete from deskwire.signing_keys where not (${VALID})`;
const RETIRE = 'update deskwire.signing_keys set active = false, retired_at = now() where active';
const REMOVE = 'delete from deskwire.signing_keys where kid = $1 returning active, created_at, retired_at';
/** A minute more on both sides: sessions have the times of the nodes' clocks. */
const END_SESSIONS = `
  update deskwire.sessions set revoked_at = now()
  where revoked_at is null and last_used_at > $1::timestamptz - interval '1 minute'
    and created_at < coalesce($2::timestamptz, now()) + interval '1 minute'`;

/** Resolves when the keys are known. Rejects if they cannot be read. */
export async function watchSigningKeys(options: WatchOptions): Promise<SigningKeys> {
  const { pool, onError, every = 3_000, atMostEvery = 1_000 } = options;
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let known = await readKeys(pool);
  let lastRead = performance.now();
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    lastRead = performance.now();
    try {
      const before = known;
      known = await readKeys(pool);
      if ([...before.kids].some((kid) => !known.kids.has(kid))) for (const listener of listeners) listener();
    } catch (error) {
      // The keys that are known stay valid: without the database, nobody can withdraw one.
      onError(error);
    }
  }

  function readOnce(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  /** Tokens with invented keys cost one read a second, and wait for it. */
  async function readForToken(kid: string): Promise<void> {
    const came = performance.now();
    await sleep(lastRead + atMostEvery - came, closing.signal);
    if (lastRead < came && !known.kids.has(kid)) await readOnce();
  }

  const timer = setInterval(() => void readOnce(), every).unref();
  return {
    get current() {
      return known.signs;
    },
    get jwks() {
      return known.jwks;
    },
    async publicKeyOf(header, token) {
      if (header?.kid !== undefined && !known.kids.has(header.kid)) await readForToken(header.kid);
      return known.publicKeyOf(header, token);
    },
    has: (kid) => known.kids.has(kid),
    onRemoved(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearInterval(timer);
      closing.abort();
    },
  };
}

async function readKeys(pool: Pool): Promise<Known> {
  let { rows } = await pool.query<KeyRow>(SELECT);
  if (!rows.some((row) => row.active)) {
    await insertKey(pool);
    ({ rows } = await pool.query<KeyRow>(SELECT));
  }
  const jwks = { keys: rows.map((row) => row.public_jwk) };
  const kids = new Set(rows.map(({ kid }) => kid));
  return { signs: await signing(rows), kids, jwks, publicKeyOf: createLocalJWKSet(jwks) };
}

async function signing(rows: readonly KeyRow[]): Promise<SigningKey> {
  const active = rows.find((row) => row.active);
  if (active === undefined) throw new Error('deskwire.signing_keys holds no active key');
  const privateKey = await importJWK(active.private_jwk, SIGNING_ALGORITHM);
  if (privateKey instanceof Uint8Array) throw new Error(`signing key ${active.kid} is not asymmetric`);
  return { kid: active.kid, privateKey };
}

/** The key that signs, for a process that does not serve. */
export async function loadSigningKey(pool: Pool): Promise<SigningKey> {
  return (await readKeys(pool)).signs;
}

/** The valid keys, the oldest first. */
export async function listSigningKeys(pool: Pool): Promise<ListedKey[]> {
  const { rows } = await pool.query<{ kid: string; active: boolean; created_at: Date; retired_at: Date | null }>(LIST);
  return rows.map(({ kid, active, created_at, retired_at }) => ({
    kid,
    state: active ? 'signs' : 'verifies',
    createdAt: created_at.toISOString(),
    retiredAt: retired_at?.toISOString() ?? null,
  }));
}

/** Makes a new key sign. Resolves with its id. */
export async function rotateSigningKey(pool: Pool): Promise<string> {
  return inTransaction(pool, async (client) => {
    await client.query(FORGET_EXPIRED);
    await client.query(RETIRE);
    return insertKey(client);
  });
}

/**
 * Removes a key, and ends every session that was started or refreshed while it signed. If it signs, a new key takes its
 * place. Resolves with the number of sessions; undefined when there is no such key.
 */
export async function withdrawSigningKey(pool: Pool, kid: string): Promise<{ readonly sessions: number } | undefined> {
  return inTransaction(pool, async (client) => {
    const removed = await client.query<{ active: boolean; created_at: Date; retired_at: Date | null }>(REMOVE, [kid]);
    const [row] = removed.rows;
    if (row === undefined) return undefined;
    if (row.active) await insertKey(client);
    const ended = await client.query(END_SESSIONS, [row.created_at, row.retired_at]);
    return { sessions: ended.rowCount ?? 0 };
  });
}

async function insertKey(db: Queryable): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const kid = randomUUID();
  const common = { kid, alg: SIGNING_ALGORITHM, use: 'sig' };
  const publicJwk = { ...(await exportJWK(publicKey)), ...common };
  const privateJwk = { ...(await exportJWK(privateKey)), ...common };
  await db.query(INSERT, [kid, SIGNING_ALGORITHM, publicJwk, privateJwk]);
  return kid;
}
