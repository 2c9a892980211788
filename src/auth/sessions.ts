/**
 * Sessions: a login starts one, a logout ends it. A session has a chain of refresh tokens. Each token is valid once and
 * is replaced by the next; a second use means that the token was stolen, so the session ends. Tokens are stored as
 * hashes only. Two concurrent uses of one token wait for each other on its row.
 *
 * The answer to a refresh may be lost. Therefore the same client may use its token once more within seconds, as long as
 * nobody has used the next token. It gets the same next token: this follows from the token and a stored salt, and from
 * neither of them alone. So a session never has two valid tokens. Decision 0063.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { clientMark, isSameClient, type RefreshClient } from './refresh-client.ts';

/** Days that a session lasts after its last refresh. */
export const SESSION_DAYS = 30;
/** Milliseconds within which a refresh may be repeated. The client library waits 10 s for an answer, then repeats. */
const REPEAT_WITHIN = 30_000;

export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshToken: string;
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly session: Session }
  | { readonly outcome: 'reused'; readonly sessionId: string }
  | { readonly outcome: 'refused' };

const FORGET_EXPIRED = 'delete from deskwire.sessions where user_id = $1 and expires_at < $2';
const START = `
  with session as (insert into deskwire.sessions (id, user_id, expires_at) values ($1, $2, $3) returning id)
  insert into deskwire.refresh_tokens (hash, session_id) select $4, id from session`;
const PRESENTED = `
  select t.session_id, t.used_at, t.used_by, t.repeated_at is not null as repeated, t.successor_salt,
    s.user_id, s.revoked_at is null and s.expires_at > $2 as live
  from deskwire.refresh_tokens t join deskwire.sessions s on s.id = t.session_id
  where t.hash = $1 for update`;
const USE = 'update deskwire.refresh_tokens set used_at = $2, used_by = $3, successor_salt = $4 where hash = $1';
const REPEAT = 'update deskwire.refresh_tokens set repeated_at = $2 where hash = $1';
const IS_UNUSED = 'select 1 from deskwire.refresh_tokens where hash = $1 and used_at is null';
const REPLACE = 'insert into deskwire.refresh_tokens (hash, session_id) values ($1, $2)';
const EXTEND = 'update deskwire.sessions set expires_at = $2 where id = $1';
const REVOKE = 'update deskwire.sessions set revoked_at = $2 where id = $1 and revoked_at is null';
const REVOKE_ALL = `
  update deskwire.sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning id`;
const SESSION_OF = 'select session_id from deskwire.refresh_tokens where hash = $1';
const REVOKED_SINCE = 'select id from deskwire.sessions where revoked_at >= $1';

interface PresentedRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly live: boolean;
  readonly used_at: Date | null;
  /** The mark of the client that used it. */
  readonly used_by: Buffer | null;
  readonly repeated: boolean;
  readonly successor_salt: Buffer | null;
}

export interface Sessions {
  start(userId: string): Promise<Session>;
  /** Exchanges a refresh token for the next. The outcome `reused` means that the session was revoked. */
  rotate(refreshToken: string, by: RefreshClient): Promise<Rotation>;
  revoke(sessionId: string): Promise<void>;
  /** Ends every session of a user; returns their ids. */
  revokeAll(userId: string): Promise<string[]>;
  /** Returns the session of a refresh token, used or not. */
  sessionOf(refreshToken: string): Promise<string | undefined>;
  /** Returns the ids of the sessions that were revoked since `time` (Unix time in milliseconds). */
  revokedSince(time: number): Promise<string[]>;
}

export function createSessions(pool: Pool, deps: { now: () => number; newId: () => string }): Sessions {
  const now = () => new Date(deps.now());
  const expiry = () => new Date(deps.now() + SESSION_DAYS * 86_400_000);

  async function rotateIn(client: PoolClient, refreshToken: string, by: RefreshClient): Promise<Rotation> {
    const hash = hashOf(refreshToken);
    const presented = (await client.query<PresentedRow>(PRESENTED, [hash, now()])).rows[0];
    if (presented === undefined || !presented.live) return { outcome: 'refused' };
    const { session_id: sessionId, user_id: userId } = presented;
    if (presented.used_at !== null) {
      const again = repeatable(presented, by) ? successorOf(refreshToken, presented.successor_salt) : undefined;
      if (again !== undefined && (await client.query(IS_UNUSED, [hashOf(again)])).rows.length > 0) {
        await client.query(REPEAT, [hash, now()]);
        return { outcome: 'rotated', session: { sessionId, userId, refreshToken: again } };
      }
      await client.query(REVOKE, [sessionId, now()]);
      return { outcome: 'reused', sessionId };
    }
    const salt = randomBytes(32);
    const next = successorOf(refreshToken, salt);
    await client.query(USE, [hash, now(), clientMark(by), salt]);
    await client.query(REPLACE, [hashOf(next), sessionId]);
    await client.query(EXTEND, [sessionId, expiry()]);
    return { outcome: 'rotated', session: { sessionId, userId, refreshToken: next } };
  }

  function repeatable(row: PresentedRow, by: RefreshClient): row is PresentedRow & { successor_salt: Buffer } {
    const { used_at: usedAt, used_by: usedBy, repeated, successor_salt: salt } = row;
    if (usedAt === null || usedBy === null || salt === null || repeated) return false;
    return deps.now() - usedAt.getTime() < REPEAT_WITHIN && isSameClient(clientMark(by), usedBy);
  }

  return {
    async start(userId) {
      const sessionId = deps.newId();
      const refreshToken = newRefreshToken();
      await pool.query(FORGET_EXPIRED, [userId, now()]);
      await pool.query(START, [sessionId, userId, expiry(), hashOf(refreshToken)]);
      return { sessionId, userId, refreshToken };
    },
    rotate(refreshToken, by) {
      return inTransaction(pool, (client) => rotateIn(client, refreshToken, by));
    },
    async revoke(sessionId) {
      await pool.query(REVOKE, [sessionId, now()]);
    },
    async revokeAll(userId) {
      const { rows } = await pool.query<{ id: string }>(REVOKE_ALL, [userId, now()]);
      return rows.map((row) => row.id);
    },
    async sessionOf(refreshToken) {
      const { rows } = await pool.query<{ session_id: string }>(SESSION_OF, [hashOf(refreshToken)]);
      return rows[0]?.session_id;
    },
    async revokedSince(time) {
      const { rows } = await pool.query<{ id: string }>(REVOKED_SINCE, [new Date(time)]);
      return rows.map((row) => row.id);
    },
  };
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    broken = false;
    return result;
  } finally {
    // A connection on which a query failed is closed, which also rolls back.
    client.release(broken);
  }
}

function newRefreshToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whoever has the token but not the database cannot compute it, nor can whoever has the database alone. */
function successorOf(refreshToken: string, salt: Buffer): string {
  return createHmac('sha256', salt).update(refreshToken).digest('base64url');
}

/** A plain hash is enough: the token has 256 random bits. */
function hashOf(refreshToken: string): Buffer {
  return createHash('sha256').update(refreshToken).digest();
}
