/**
 * Refuses to serve other machines while the published password of the demo data works, or soon will: every reader of
 * the documentation would be an admin. It checks the database, so DEMO_DATA=off does not hide such a password.
 */
import type { Pool } from 'pg';
import { createCredentials } from '../auth/credentials.ts';
import { StartFailure } from '../support/start-failure.ts';
import type { Config } from './config.ts';
import { DEMO_PASSWORD, DEMO_USERS } from './demo.ts';

type Settings = Pick<Config, 'HOST' | 'DEMO_DATA' | 'JWKS_URL'>;

/** Rejects with a StartFailure that says what to do. With an identity provider no password works. */
export async function refuseDemoPasswords(pool: Pool, { HOST, DEMO_DATA, JWKS_URL }: Settings): Promise<void> {
  if (isLoopback(HOST) || JWKS_URL !== undefined) return;
  const credentials = await createCredentials(pool);
  for (const { id, email } of DEMO_USERS) {
    const known = await credentials.emailOf(id);
    const seeded = DEMO_DATA === 'on' && known === undefined;
    if (!seeded && (await credentials.check(known ?? email, DEMO_PASSWORD)) === undefined) continue;
    throw new StartFailure(
      seeded
        ? `HOST ${HOST} is reached from other machines, and DEMO_DATA would give ${email} a published password: ` +
            'set DEMO_DATA=off, or HOST=127.0.0.1.'
        : `HOST ${HOST} is reached from other machines, and the published password of ${email} works: ` +
            'run `deskwire users lock-demo`, or set HOST=127.0.0.1.',
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
