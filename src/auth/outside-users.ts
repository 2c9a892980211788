/**
 * Users of an outside identity provider. The provider is the authority on their name, role, vendor and email. A user is
 * registered when their first token is seen, and changed when a later token has other claims.
 *
 * Tokens are ordered by their time of issue, and the newest time is kept in the database: an older token that is still
 * valid never undoes a change, on any node. Only admins of Deskwire decide whether a user is active.
 *
 * The vendor decides about access, as the role does, so a later token without a vendor removes it. An email is only an
 * address: it stays until a token names another.
 */
import type { Pool } from 'pg';
import type { ActorSystem, CommandContext } from '../actors/actor-system.ts';
import { LEAST_ROLE, parseRole, type Role, systemAuthor } from '../domain/user/identity.ts';
import { type Claims, unauthorized } from './tokens.ts';

/** The author of the commands that follow from tokens; it acts as an admin, because only admins change users. */
const PROVIDER = systemAuthor('deskwire:identity-provider', 'Identity provider');
const MAX_LENGTH = 200;
/** Keeps the newest time of issue. Returns a row when no newer token has been seen. */
const NEWEST = `
  insert into deskwire.outside_identities (user_id, issued_at) values ($1, $2)
  on conflict (user_id) do update set issued_at = excluded.issued_at
    where deskwire.outside_identities.issued_at <= excluded.issued_at
  returning user_id`;

export interface OutsideUsers {
  /** Registers or changes the user of a token. Rejects with `unauthorized` when the claims name no valid user id. */
  update(claims: Claims): Promise<void>;
}

export function createOutsideUsers(deps: { pool: Pool; actors: ActorSystem; newId: () => string }): OutsideUsers {
  const { pool, actors } = deps;

  function context(use: string, claims: Claims): CommandContext {
    return { commandId: `${PROVIDER.id}:${use}:${claims.issuedAt}`, by: PROVIDER, correlationId: deps.newId() };
  }

  return {
    async update(claims) {
      const id = text(claims.subject);
      if (id === undefined) throw unauthorized();
      const name = text(claims.name) ?? text(claims.email) ?? id;
      const role: Role = parseRole(claims.role) ?? LEAST_ROLE;
      const { rows } = await pool.query(NEWEST, [id, claims.issuedAt]);
      if (rows.length === 0) return;
      const email = text(claims.email);
      const vendorId = text(claims.vendorId);
      const { state } = await actors.read('user', id);
      if (!state.exists) {
        const optional = { ...(email !== undefined && { email }), ...(vendorId !== undefined && { vendorId }) };
        const command = { type: 'RegisterUser', name, role, ...optional } as const;
        await actors.execute('user', id, command, context('register', claims));
        return;
      }
      const claimed = { name, role, email: email ?? state.email, vendorId: vendorId ?? null };
      const changed = state.name !== name || state.role !== role || state.email !== claimed.email;
      if (changed || state.vendorId !== claimed.vendorId) {
        await actors.execute('user', id, { type: 'ChangeUser', ...claimed }, context('change', claims));
      }
    },
  };
}

/** Returns a claim that is usable as an id or a name, otherwise undefined. */
function text(claim: unknown): string | undefined {
  if (typeof claim !== 'string' || claim === '' || claim.length > MAX_LENGTH) return undefined;
  return claim.isWellFormed() && !/\p{Cc}/u.test(claim) ? claim : undefined;
}
