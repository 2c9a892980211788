/** Passwords, as argon2id hashes with the parameters that OWASP recommends (the package's defaults). */
import { hash, verify } from '@node-rs/argon2';
import type { Pool } from 'pg';

export interface Credentials {
  /** Gives a user a password, unless they have one. */
  add(input: { userId: string; email: string; password: string }): Promise<void>;
  /** The user with this email and password. Takes the same time when nobody has the email. */
  check(email: string, password: string): Promise<string | undefined>;
}

const EXISTS = 'select 1 from deskwire.credentials where user_id = $1';
const ADD = `
  insert into deskwire.credentials (user_id, email, password_hash) values ($1, $2, $3) on conflict (user_id) do nothing`;
const FIND = 'select user_id, password_hash from deskwire.credentials where email = $1';

interface CredentialRow {
  readonly user_id: string;
  readonly password_hash: string;
}

export async function createCredentials(pool: Pool): Promise<Credentials> {
  // Verified against when there is nobody, with the same parameters as any, so that the answer takes as long.
  const nobody = await hash('nobody has this password');
  return {
    async add({ userId, email, password }) {
      const known = await pool.query(EXISTS, [userId]);
      if (known.rows.length > 0) return;
      await pool.query(ADD, [userId, normalized(email), await hash(password)]);
    },
    async check(email, password) {
      const row = (await pool.query<CredentialRow>(FIND, [normalized(email)])).rows[0];
      const right = await verify(row?.password_hash ?? nobody, password);
      return right ? row?.user_id : undefined;
    },
  };
}

function normalized(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}
