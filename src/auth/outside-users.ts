/**
 * Users of an outside identity provider. The provider is the authority on their name, role, vendor and email: they are registered when a
 * token of theirs is first seen, and changed when a later token says otherwise. "Later" is by the time of issue, kept in
 * the database: an older token that is still valid, seen by whichever node, never takes a change back. Whether a user is
 * active is for the admins of this Deskwire to say, never for a token. The vendor decides about access as the role does, so
 * a later token without one takes it away; an email is no more than an address, and stays while tokens do not name another.
 */
import type { Pool } from 'pg';
import type { ActorSystem, CommandContext } from '../actors/actor-system.ts';
import { LEAST_ROLE, parseRole, type Role, systemAuthor } from '../domain/user/identity.ts';
import { type Claims, unauthorized } from './tokens.ts';

/** The author of what follows from tokens. Changing users takes an admin. */
const PROVIDER = systemAuthor('deskwire:identity-provider', 'Identity provider');
const MAX_LENGTH = 200;
/** Keeps the newest time of issue; answers with a row when this token is not older than any seen. */
const NEWEST = `
  insert into deskwire.outside_identities (user_id, issued_at) values ($1, $2)
  on conflict (user_id) do update set issued_at = excluded.issued_at
    where deskwire.outside_identities.issued_at <= excluded.issued_at
  returning user_id`;

export interface OutsideUsers {
  /** Brings the user of a token up to date. Rejects with `unauthorized` when its claims cannot be a user's. */
  meet(claims: Claims): Promise<void>;
}

export function createOutsideUsers(parts: { pool: Pool; actors: ActorSystem; newId: () => string }): OutsideUsers {
  const { pool, actors } = parts;

  function context(use: string, claims: Claims): CommandContext {
    return { commandId: `${PROVIDER.id}:${use}:${claims.issuedAt}`, by: PROVIDER, correlationId: parts.newId() };
  }

  return {
    async meet(claims) {
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
      const said = { name, role, email: email ?? state.email, vendorId: vendorId ?? null };
      const news = state.name !== name || state.role !== role || state.email !== said.email;
      if (news || state.vendorId !== said.vendorId) {
        await actors.execute('user', id, { type: 'ChangeUser', ...said }, context('change', claims));
      }
    },
  };
}

/** A claim as text that is fit for an id or a name, or undefined. */
function text(claim: unknown): string | undefined {
  if (typeof claim !== 'string' || claim === '' || claim.length > MAX_LENGTH) return undefined;
  return claim.isWellFormed() && !/\p{Cc}/u.test(claim) ? claim : undefined;
}
