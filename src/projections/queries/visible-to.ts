/**
 * `maySeeTicket` of the domain as a condition on a row `t` of the tickets: the same answer for every user and ticket, for
 * lists that Postgres filters. A test holds the two together.
 */
import { type RawBuilder, sql } from 'kysely';
import type { UserFacts } from '../../domain/user/identity.ts';

export function visibleTo(user: UserFacts): RawBuilder<unknown> {
  if (!user.active) return sql`false`;
  if (user.role === 'admin' || user.role === 'agent') return sql`true`;
  const onTicket = sql`t.requester_id = ${user.id} or t.assignee_id = ${user.id} or t.participant_ids @> array[${user.id}]`;
  switch (user.role) {
    case 'vendor':
      if (user.vendorId === undefined) return sql`(${onTicket})`;
      return sql`(${onTicket} or t.vendor_ids @> array[${user.vendorId}])`;
    case 'ops':
      return sql`(${onTicket} or t.grn_verified_by = ${user.id})`;
    case 'accounts':
      return sql`(${onTicket} or t.category in ('payment', 'invoice'))`;
    default:
      return sql`(${onTicket})`;
  }
}
