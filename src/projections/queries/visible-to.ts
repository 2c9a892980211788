/**
 * The domain's `maySeeTicket` as a condition on a row `t` of the tickets, for lists that Postgres filters. A test
 * checks that both give the same answer for every kind of user and ticket.
 */
import { type RawBuilder, sql } from 'kysely';
import { maySeeEveryTicket, relationOf } from '../../domain/access.ts';
import type { UserFacts } from '../../domain/user/identity.ts';

export function visibleTo(user: UserFacts): RawBuilder<unknown> {
  if (!user.active) return sql`false`;
  if (maySeeEveryTicket(user)) return sql`true`;
  const onTicket = sql`t.requester_id = ${user.id} or t.assignee_id = ${user.id} or t.added_ids @> array[${user.id}]`;
  const relation = relationOf(user);
  switch (relation?.by) {
    // biome-ignore lint/plugin/roles: a kind of relation, not a role
    case 'vendor':
      return sql`(${onTicket} or t.vendor_ids @> array[${relation.vendorId}])`;
    case 'verifier':
      return sql`(${onTicket} or t.grn_verified_by = ${relation.userId})`;
    case 'category':
      return sql`(${onTicket} or t.category in (${sql.join(relation.categories)}))`;
    case undefined:
      return sql`(${onTicket})`;
  }
}
