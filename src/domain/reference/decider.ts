/**
 * The decider of references. A reference mirrors a record of the product around Deskwire. The vendor and the verifier
 * of a GRN or dispatch decide who sees tickets, so only admins and services set references.
 */
import { maySetReferences, requireActive, requirePermission } from '../access.ts';
import { DeskwireError } from '../errors.ts';
import type { Decider } from '../event.ts';
import { assertName } from '../json.ts';
import type { ReferenceEvent, ReferenceType } from './events.ts';

export interface ReferenceCommand {
  readonly type: 'SetReference';
  readonly reference: ReferenceEvent['data'];
}

export interface ReferenceState {
  readonly exists: boolean;
  readonly type: ReferenceType;
  readonly id: string;
  readonly name: string | null;
  readonly vendorId: string | null;
  readonly verifiedBy: string | null;
}

export const referenceDecider: Decider<ReferenceState, ReferenceCommand, ReferenceEvent> = {
  kind: 'reference',
  stateVersion: 1,
  initialState: () => ({ exists: false, type: 'station', id: '', name: null, vendorId: null, verifiedBy: null }),
  decide: ({ reference }, state, { by }) => {
    requireActive(by);
    requirePermission(maySetReferences(by), 'Only admins and services set references');
    assertMeaningful(reference);
    const next = stateOf(reference);
    if (state.exists && (state.type !== next.type || state.id !== next.id)) {
      throw new DeskwireError('conflict', 'This reference is of another type or id', { field: 'id' });
    }
    return isSame(state, next) ? [] : [{ type: 'ReferenceSet', data: reference }];
  },
  evolve: (_state, event) => stateOf(event.data),
};

/** The id of a reference within its kind of stream. */
export function referenceStreamId(type: ReferenceType, id: string): string {
  return `${type}-${id}`;
}

/** Refuses fields that a type does not have: they would seem to give access and give none. */
function assertMeaningful({ type, id, name, vendorId, verifiedBy }: ReferenceEvent['data']): void {
  for (const [field, value] of Object.entries({ id, name, vendorId, verifiedBy })) {
    if (value !== undefined) assertName(value, field);
  }
  if (vendorId !== undefined && type !== 'grn' && type !== 'dispatch') {
    throw new DeskwireError('invalid_payload', `A ${type} has no vendorId`, { field: 'vendorId' });
  }
  if (verifiedBy !== undefined && type !== 'grn') {
    throw new DeskwireError('invalid_payload', `A ${type} has no verifiedBy`, { field: 'verifiedBy' });
  }
}

function stateOf({ type, id, name, vendorId, verifiedBy }: ReferenceEvent['data']): ReferenceState {
  return { exists: true, type, id, name: name ?? null, vendorId: vendorId ?? null, verifiedBy: verifiedBy ?? null };
}

function isSame(a: ReferenceState, b: ReferenceState): boolean {
  return a.exists === b.exists && a.name === b.name && a.vendorId === b.vendorId && a.verifiedBy === b.verifiedBy;
}
