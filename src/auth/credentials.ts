/**
 * Passwords, stored as argon2id hashes with the parameters that OWASP recommends (the package's defaults). They are
 * hashed in Unicode form NFKC, since keyboards and systems write the same letter in different forms. Hashes of earlier
 * versions are of the password as it was typed, so a password in another form is tried as it is, too.
 */
import type { Pool } from 'pg';
import { createPasswordHashing } from './password-hashing.ts';

export interface Credentials {
  /** Stores a password, unless the user has one (`present`) or another user has the email (`email_taken`). */
  add(input: { userId: string; email: string; password: string }): Promise<'added' | 'present' | 'email_taken'>;
  /** Sets the password of a user, who had one or not. */
  set(input: { userId: string; email: string; password: string }): Promise<'set' | 'email_taken'>;
  /** The email with which a user signs in; undefined for one without a password. */
  emailOf(userId: string): Promise<string | undefined>;
  /** Removes a user's password. */
  remove(userId: string): Promise<void>;
  /** Returns the id of the user who signs in with this email. */
  userOf(email: string): Promise<string | undefined>;
  /** Returns the id of the user with this email and password. Takes the same time when nobody has the email. */
  check(email: string, password: string): Promise<string | undefined>;
}

const EXISTS = 'select 1 from deskwire.credentials where user_id = $1';
const ADD = `
  insert into deskwire.credentials (user_id, email, password_hash) values ($1, $2, $3) on conflict do nothing`;
const CHANGE = 'update deskwire.credentials set password_hash = $2 where user_id = $1';
const EMAIL = 'select email from deskwire.credentials where user_id = $1';
const REMOVE = 'delete from deskwire.credentials where user_id = $1';
const FIND = 'select user_id, password_hash from deskwire.credentials where email = $1';

interface CredentialRow {
  readonly user_id: string;
  readonly password_hash: string;
}

export async function createCredentials(pool: Pool): Promise<Credentials> {
  const { hash, verify } = createPasswordHashing();
  // An unknown email is verified against this hash, so that the refusal takes as long as for a known one.
  const unusedHash = await hash('nobody has this password');
  const hashOf = (password: string) => hash(password.normalize('NFKC'));
  const has = async (userId: string) => (await pool.query(EXISTS, [userId])).rows.length > 0;
  return {
    async add({ userId, email, password }) {
      if (await has(userId)) return 'present';
      const { rowCount } = await pool.query(ADD, [userId, normalizedEmail(email), await hashOf(password)]);
      if (rowCount === 1) return 'added';
      return (await has(userId)) ? 'present' : 'email_taken';
    },
    async set({ userId, email, password }) {
      const hashed = await hashOf(password);
      if ((await pool.query(CHANGE, [userId, hashed])).rowCount === 1) return 'set';
      if ((await pool.query(ADD, [userId, normalizedEmail(email), hashed])).rowCount === 1) return 'set';
      return (await pool.query(CHANGE, [userId, hashed])).rowCount === 1 ? 'set' : 'email_taken';
    },
    async emailOf(userId) {
      return (await pool.query<{ email: string }>(EMAIL, [userId])).rows[0]?.email;
    },
    async remove(userId) {
      await pool.query(REMOVE, [userId]);
    },
    async userOf(email) {
      return (await pool.query<CredentialRow>(FIND, [normalizedEmail(email)])).rows[0]?.user_id;
    },
    async check(email, password) {
      const row = (await pool.query<CredentialRow>(FIND, [normalizedEmail(email)])).rows[0];
      const expected = row?.password_hash ?? unusedHash;
      const forms = new Set([password.normalize('NFKC'), password, password.normalize('NFD')]);
      let right = false;
      // All forms, also after the right one: the time must not depend on whether the email is known.
      for (const form of forms) right = (await verify(expected, form)) || right;
      return right ? row?.user_id : undefined;
    },
  };
}

/** The form in which emails are compared. */
export function normalizedEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}
