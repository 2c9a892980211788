/**
 * One-time tokens that set a password. A token is valid for an hour and once, and is stored as a hash. A user has one
 * at a time: the next replaces it, and a new password removes it.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';

const VALID_MS = 3_600_000;

export interface PasswordReset {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface PasswordResets {
  issue(userId: string): Promise<PasswordReset>;
  /** The user of a valid token. */
  userOf(token: string): Promise<string | undefined>;
  /** Uses the token up. Returns whether this call did: of several at once, one does. */
  use(token: string): Promise<boolean>;
  /** Removes the tokens of a user. */
  withdraw(userId: string): Promise<void>;
}

const ISSUE = 'insert into deskwire.password_resets (hash, user_id, expires_at) values ($1, $2, $3)';
const WITHDRAW = 'delete from deskwire.password_resets where user_id = $1 or expires_at < $2';
const FIND = 'select user_id from deskwire.password_resets where hash = $1 and expires_at > $2';
const USE = 'delete from deskwire.password_resets where hash = $1 and expires_at > $2';

export function createPasswordResets(pool: Pool, { now }: { now: () => number }): PasswordResets {
  return {
    async issue(userId) {
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(now() + VALID_MS);
      await pool.query(WITHDRAW, [userId, new Date(now())]);
      await pool.query(ISSUE, [hashOf(token), userId, expiresAt]);
      return { token, expiresAt };
    },
    async userOf(token) {
      const { rows } = await pool.query<{ user_id: string }>(FIND, [hashOf(token), new Date(now())]);
      return rows[0]?.user_id;
    },
    async use(token) {
      return (await pool.query(USE, [hashOf(token), new Date(now())])).rowCount === 1;
    },
    async withdraw(userId) {
      await pool.query(WITHDRAW, [userId, new Date(now())]);
    },
  };
}

/** A plain hash is enough: the token has 256 random bits. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
