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
import { networkOf } from '../support/address.ts';
import { clientMark, isSameClient, type RefreshClient } from './refresh-client.ts';
import { inTransaction } from './transaction.ts';

/** Days that a session lasts after its last refresh. */
export const SESSION_DAYS = 30;
/** Milliseconds within which a refresh may be repeated. The client library waits 10 s for an answer, then repeats. */
const REPEAT_WITHIN = 30_000;

export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshToken: string;
  /** Unix time in milliseconds. */
  readonly startedAt: number;
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly session: Session }
  | { readonly outcome: 'reused'; readonly sessionId: string; readonly userId: string }
  | { readonly outcome: 'refused' };

const FORGET_EXPIRED = 'delete from deskwire.sessions where user_id = $1 and expires_at < $2';
const START = `
  with session as (
    insert into deskwire.sessions (id, user_id, expires_at, created_at, last_used_at, device, address)
    values ($1, $2, $3, $5, $5, $6, $7) returning id)
  insert into deskwire.refresh_tokens (hash, session_id) select $4, id from session`;
const PRESENTED = `
  select t.session_id, t.used_at, t.used_by, t.repeated_at is not null as repeated, t.successor_salt,
    s.user_id, s.created_at, s.revoked_at is null and s.expires_at > $2 as live
  from deskwire.refresh_tokens t join deskwire.sessions s on s.id = t.session_id
  where t.hash = $1 for update`;
const USE = 'update deskwire.refresh_tokens set used_at = $2, used_by = $3, successor_salt = $4 where hash = $1';
const REPEAT = 'update deskwire.refresh_tokens set repeated_at = $2 where hash = $1';
const IS_UNUSED = 'select 1 from deskwire.refresh_tokens where hash = $1 and used_at is null';
const REPLACE = 'insert into deskwire.refresh_tokens (hash, session_id) values ($1, $2)';
const EXTEND = 'update deskwire.sessions set expires_at = $2, last_used_at = $3 where id = $1';
const REVOKE = 'update deskwire.sessions set revoked_at = $2 where id = $1 and revoked_at is null';
const REVOKE_ALL = `
  update deskwire.sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning id`;
const REVOKE_OTHERS = `
  update deskwire.sessions set revoked_at = $2 where user_id = $1 and id::text <> $3 and revoked_at is null
  returning id`;
const REVOKE_OWN = `
  update deskwire.sessions set revoked_at = $2
  where user_id = $1 and id::text = $3 and revoked_at is null and expires_at > $2 returning id`;
const LIST = `
  select id, device, address, created_at, last_used_at from deskwire.sessions
  where user_id = $1 and revoked_at is null and expires_at > $2 order by last_used_at desc, id limit 100`;
const ORIGINS = `
  select distinct s.address from deskwire.sessions s join deskwire.credentials c on c.user_id = s.user_id
  where c.email = $1 and s.address is not null`;
const SESSION_OF = 'select session_id from deskwire.refresh_tokens where hash = $1';
const REVOKED_SINCE = 'select id from deskwire.sessions where revoked_at >= $1';

interface PresentedRow {
  readonly session_id: string;
  readonly user_id: string;
  readonly created_at: Date;
  readonly live: boolean;
  readonly used_at: Date | null;
  /** The mark of the client that used it. */
  readonly used_by: Buffer | null;
  readonly repeated: boolean;
  readonly successor_salt: Buffer | null;
}

interface ListedRow {
  readonly id: string;
  readonly device: string | null;
  readonly address: string | null;
  readonly created_at: Date;
  readonly last_used_at: Date;
}

/** Where a session was started. */
export interface Origin {
  /** As the client names itself. */
  readonly device?: string | undefined;
  readonly address?: string | undefined;
}

export interface ListedSession extends Origin {
  readonly id: string;
  readonly createdAt: Date;
  /** The start, or the last refresh. */
  readonly lastUsedAt: Date;
}

export interface Sessions {
  start(userId: string, origin?: Origin): Promise<Session>;
  /** Exchanges a refresh token for the next. The outcome `reused` means that the session was revoked. */
  rotate(refreshToken: string, by: RefreshClient): Promise<Rotation>;
  revoke(sessionId: string): Promise<void>;
  /** Ends every session of a user; returns their ids. */
  revokeAll(userId: string): Promise<string[]>;
  /** Ends a user's sessions except `keep`; returns their ids. */
  revokeOthers(userId: string, keep: string): Promise<string[]>;
  /** Ends one session of a user. Returns whether the user had it. */
  revokeOwn(userId: string, sessionId: string): Promise<boolean>;
  /** The live sessions of a user, the last used one first, 100 at most. */
  list(userId: string): Promise<ListedSession[]>;
  /** Whether the user with this email (normalized) started a session in this network that is remembered. */
  startedFrom(email: string, network: string): Promise<boolean>;
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
    const { session_id: sessionId, user_id: userId, created_at: created } = presented;
    if (presented.used_at !== null) {
      const again = repeatable(presented, by) ? successorOf(refreshToken, presented.successor_salt) : undefined;
      if (again !== undefined && (await client.query(IS_UNUSED, [hashOf(again)])).rows.length > 0) {
        await client.query(REPEAT, [hash, now()]);
        return {
          outcome: 'rotated',
          session: { sessionId, userId, refreshToken: again, startedAt: created.getTime() },
        };
      }
      await client.query(REVOKE, [sessionId, now()]);
      return { outcome: 'reused', sessionId, userId };
    }
    const salt = randomBytes(32);
    const next = successorOf(refreshToken, salt);
    await client.query(USE, [hash, now(), clientMark(by), salt]);
    await client.query(REPLACE, [hashOf(next), sessionId]);
    await client.query(EXTEND, [sessionId, expiry(), now()]);
    return { outcome: 'rotated', session: { sessionId, userId, refreshToken: next, startedAt: created.getTime() } };
  }

  function repeatable(row: PresentedRow, by: RefreshClient): row is PresentedRow & { successor_salt: Buffer } {
    const { used_at: usedAt, used_by: usedBy, repeated, successor_salt: salt } = row;
    if (usedAt === null || usedBy === null || salt === null || repeated) return false;
    return deps.now() - usedAt.getTime() < REPEAT_WITHIN && isSameClient(clientMark(by), usedBy);
  }

  return {
    async start(userId, { device, address } = {}) {
      const sessionId = deps.newId();
      const refreshToken = newRefreshToken();
      const started = now();
      await pool.query(FORGET_EXPIRED, [userId, started]);
      const named = device === undefined ? null : printable(device);
      await pool.query(START, [sessionId, userId, expiry(), hashOf(refreshToken), started, named, address ?? null]);
      return { sessionId, userId, refreshToken, startedAt: started.getTime() };
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
    async revokeOthers(userId, keep) {
      const { rows } = await pool.query<{ id: string }>(REVOKE_OTHERS, [userId, now(), keep]);
      return rows.map((row) => row.id);
    },
    async revokeOwn(userId, sessionId) {
      return (await pool.query(REVOKE_OWN, [userId, now(), sessionId])).rows.length > 0;
    },
    async list(userId) {
      const { rows } = await pool.query<ListedRow>(LIST, [userId, now()]);
      return rows.map(({ id, device, address, created_at, last_used_at }) => ({
        id,
        ...(device !== null && { device }),
        ...(address !== null && { address }),
        createdAt: created_at,
        lastUsedAt: last_used_at,
      }));
    },
    async startedFrom(email, network) {
      const { rows } = await pool.query<{ address: string }>(ORIGINS, [email]);
      return rows.some((row) => networkOf(row.address) === network);
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

/** Longer names of devices are cut off. */
const DEVICE_LENGTH = 200;

function printable(device: string): string {
  return device.toWellFormed().replaceAll(/\p{C}/gu, '').slice(0, DEVICE_LENGTH).toWellFormed();
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
