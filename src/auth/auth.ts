/**
 * Authentication as the API and the gateway see it. Either Deskwire signs its users in itself, or, with a provider given,
 * an outside identity provider does and only its tokens count.
 */
import type { JSONWebKeySet } from 'jose';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ActorSystem } from '../actors/actor-system.ts';
import type { Broker } from '../broker/port.ts';
import type { Directory } from '../directory/directory.ts';
import { createLoginAttempts, UNLIMITED_ATTEMPTS } from './attempts.ts';
import { type Authenticate, createAuthenticator } from './authenticator.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { loadSigningKeys } from './keys.ts';
import { createLogin, type Login } from './login.ts';
import { createOutsideUsers } from './outside-users.ts';
import { createRevocations } from './revocations.ts';
import { createSessions } from './sessions.ts';
import { outsideTokens, ownTokens } from './tokens.ts';

export interface Auth {
  readonly authenticate: Authenticate;
  /** Undefined when an outside provider signs users in. */
  readonly own: { readonly login: Login; readonly credentials: Credentials; readonly jwks: JSONWebKeySet } | undefined;
  /** Calls `listener` once for each session that ends before its tokens do, whichever node ended it. */
  onSessionRevoked(listener: (sessionId: string) => void): () => void;
  close(): void;
}

export interface AuthDeps {
  readonly pool: Pool;
  readonly actors: ActorSystem;
  readonly directory: Directory;
  /** Without it, other nodes learn of a logout within `pollEvery`. */
  readonly broker?: Pick<Broker, 'signals' | 'onReconnected'>;
  readonly log: Logger;
  readonly now: () => number;
  readonly newId: () => string;
  /** Whose tokens to accept instead of our own. */
  readonly provider?: { readonly jwksUrl: string; readonly issuer: string; readonly audience: string };
  readonly limitAttempts: boolean;
  /** Milliseconds between looking for sessions that other nodes ended; 3,000 when absent. */
  readonly pollEvery?: number;
}

export async function createAuth(parts: AuthDeps): Promise<Auth> {
  const { pool, directory, now, newId } = parts;
  const sessions = createSessions(pool, { now, newId });
  const revocations = await createRevocations({ pollEvery: 3_000, ...parts, sessions });
  const common = {
    onSessionRevoked: revocations.onRevoked,
    close: revocations.close,
  };

  if (parts.provider !== undefined) {
    const outside = createOutsideUsers(parts);
    const verify = outsideTokens(parts.provider, now);
    const authenticate = createAuthenticator({ verify, directory, revocations, now, meet: outside.meet });
    return { ...common, authenticate, own: undefined };
  }

  const keys = await loadSigningKeys(pool);
  const credentials = await createCredentials(pool);
  const login = createLogin({
    credentials,
    attempts: parts.limitAttempts ? createLoginAttempts(pool) : UNLIMITED_ATTEMPTS,
    sessions,
    revocations,
    keys,
    directory,
    now,
    newId,
  });
  const authenticate = createAuthenticator({ verify: ownTokens(keys, now), directory, revocations, now });
  return { ...common, authenticate, own: { login, credentials, jwks: keys.jwks } };
}
