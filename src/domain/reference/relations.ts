/** Which vendors and verifier a ticket is related to through what it points at: input to the access policy. */
import type { TicketRelations } from '../access.ts';
import type { ReferenceState } from './decider.ts';

/** What of a reference relates people to a ticket. */
export type Relating = Partial<Pick<ReferenceState, 'vendorId' | 'verifiedBy'>>;

/** References that are not known (yet) relate the ticket to nobody. */
export function relationsOf(grn: Relating | undefined, dispatch: Relating | undefined): TicketRelations {
  const vendorIds = [grn?.vendorId, dispatch?.vendorId].filter((id) => typeof id === 'string');
  const verifiedBy = grn?.verifiedBy;
  return {
    vendorIds: [...new Set(vendorIds)],
    ...(typeof verifiedBy === 'string' && { grnVerifiedBy: verifiedBy }),
  };
}
