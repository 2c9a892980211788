/**
 * Authentication for the API and the gateway. Deskwire signs its users in itself, unless a provider is configured: then
 * an outside identity provider signs them in, and only its tokens are accepted.
 */
import type { JSONWebKeySet } from 'jose';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ActorSystem } from '../actors/actor-system.ts';
import type { Broker } from '../broker/port.ts';
import type { Directory } from '../directory/directory.ts';
import { type Account, createAccount, type PasswordMail } from './account.ts';
import { createLoginAttempts, UNLIMITED_ATTEMPTS } from './attempts.ts';
import { type Authenticate, createAuthenticator } from './authenticator.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { watchSigningKeys } from './keys.ts';
import { createLogin, type Login } from './login.ts';
import { createOutsideUsers } from './outside-users.ts';
import { createPasswordResets } from './password-resets.ts';
import { createRevocations } from './revocations.ts';
import { createSessions } from './sessions.ts';
import { outsideTokens, ownTokens } from './tokens.ts';
import { createTrail } from './trail.ts';

export interface Auth {
  readonly authenticate: Authenticate;
  /** Undefined when an outside provider signs users in. */
  readonly own:
    | {
        readonly login: Login;
        readonly account: Account;
        readonly credentials: Credentials;
        readonly jwks: JSONWebKeySet;
      }
    | undefined;
  /** Calls `listener` once for each session that is revoked, on any node. Returns the unsubscribe function. */
  onSessionRevoked(listener: (sessionId: string) => void): () => void;
  /** Calls `listener` after a key that signs tokens has become invalid. Returns the unsubscribe function. */
  onKeyRemoved(listener: () => void): () => void;
  /** Resolves when the trail of sign-ins is recorded. */
  close(): Promise<void>;
}

export interface AuthDeps {
  readonly pool: Pool;
  readonly actors: ActorSystem;
  readonly directory: Directory;
  /** Carries logouts to other nodes at once; without it, they arrive within `pollEvery`. */
  readonly broker?: Pick<Broker, 'signals' | 'onReconnected'>;
  readonly log: Logger;
  readonly now: () => number;
  readonly newId: () => string;
  /** The outside provider whose tokens are accepted instead of our own. */
  readonly provider?: {
    readonly jwksUrl: string;
    readonly issuer: string;
    readonly audience: string;
    /** Milliseconds that a token lives after its time of issue, at most; 24 hours when absent. */
    readonly maxTokenAge?: number;
    /** Milliseconds after which a token is verified again, on new keys; within five minutes when absent. */
    readonly recheckEvery?: number;
  };
  readonly limitAttempts: boolean;
  /** Sends links to users who forgot their password; without it, only admins hand them out. */
  readonly passwordMail?: PasswordMail;
  /** Milliseconds in which repeated account activities become one event; five minutes when absent. */
  readonly trailWindow?: number;
  /** Milliseconds between reads of the sessions that were revoked, and of the signing keys; 3,000 when absent. */
  readonly pollEvery?: number;
}

const MAX_TOKEN_AGE_MS = 86_400_000;

export async function createAuth(deps: AuthDeps): Promise<Auth> {
  const { pool, directory, now, newId } = deps;
  const sessions = createSessions(pool, { now, newId });
  const revocations = await createRevocations({ pollEvery: 3_000, ...deps, sessions });
  const trail = createTrail({ ...deps, ...(deps.trailWindow !== undefined && { window: deps.trailWindow }) });
  const close = async () => {
    revocations.close();
    await trail.close();
  };
  const onRefused = (reason: string) => trail.record({ activity: 'token_refused', reason });
  const common = { onSessionRevoked: revocations.onRevoked, close };

  if (deps.provider !== undefined) {
    const outside = createOutsideUsers(deps);
    const verify = outsideTokens({ maxTokenAge: MAX_TOKEN_AGE_MS, ...deps.provider }, now);
    const authenticate = createAuthenticator({
      verify,
      directory,
      revocations,
      now,
      onVerified: outside.update,
      ...(deps.provider.recheckEvery !== undefined && { recheckEvery: deps.provider.recheckEvery }),
      onRefused,
    });
    // A provider tells nobody that it withdrew a key: tokens are verified again instead.
    return { ...common, onKeyRemoved: () => () => {}, authenticate, own: undefined };
  }

  const keys = await watchSigningKeys({
    pool,
    ...(deps.pollEvery !== undefined && { every: deps.pollEvery }),
    onError: (error) => deps.log.warn({ err: error }, 'cannot read the signing keys'),
  });
  const credentials = await createCredentials(pool);
  const attempts = deps.limitAttempts ? createLoginAttempts(pool, sessions.startedFrom) : UNLIMITED_ATTEMPTS;
  const both = { credentials, attempts, sessions, revocations, directory, trail };
  const login = createLogin({ ...both, keys, now, newId });
  const resets = createPasswordResets(pool, { now });
  const account = createAccount({ ...both, resets, mail: deps.passwordMail, log: deps.log });
  const authenticate = createAuthenticator({
    verify: ownTokens(keys, now),
    directory,
    revocations,
    now,
    hasKey: keys.has,
    onRefused,
  });
  return {
    ...common,
    onKeyRemoved: keys.onRemoved,
    async close() {
      keys.close();
      await account.close();
      await close();
    },
    authenticate,
    own: {
      login,
      account,
      credentials,
      get jwks() {
        return keys.jwks;
      },
    },
  };
}
