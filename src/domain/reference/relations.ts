/** The vendors and the verifier to whom a ticket is related through its references, for the access policy. */
import type { TicketRelations } from '../access.ts';
import type { ReferenceState } from './decider.ts';

/** The fields of a reference that relate users to a ticket. */
export type Relating = Partial<Pick<ReferenceState, 'vendorId' | 'verifiedBy'>>;

/** A reference that is not known relates the ticket to nobody. */
export function relationsOf(grn: Relating | undefined, dispatch: Relating | undefined): TicketRelations {
  const vendorIds = [grn?.vendorId, dispatch?.vendorId].filter((id) => typeof id === 'string');
  const verifiedBy = grn?.verifiedBy;
  return {
    vendorIds: [...new Set(vendorIds)],
    ...(typeof verifiedBy === 'string' && { grnVerifiedBy: verifiedBy }),
  };
}
