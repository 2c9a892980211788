/** What tickets point at, as the API reads and sets it. */
import { maySeeReferences, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import { referenceStreamId } from '../domain/reference/decider.ts';
import type { ReferenceType } from '../domain/reference/events.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { ReferenceView } from '../projections/queries/queries.ts';
import { executeForState } from './execute.ts';
import { type Caller, commandContext, type Done, type Services } from './services.ts';

export interface SetReferenceInput {
  readonly name?: string;
  readonly vendorId?: string;
  readonly verifiedBy?: string;
}

/** Rejects with `forbidden` before it says whether there is one. */
export async function readReference(
  services: Services,
  user: UserFacts,
  type: ReferenceType,
  id: string,
): Promise<ReferenceView> {
  requirePermission(maySeeReferences(user), 'Only staff and services see references');
  const reference = await services.queries.reference(type, id);
  if (reference === undefined) throw new DeskwireError('not_found', 'Reference not found');
  return reference;
}

/** Sets a reference whole: what is not given, it has not. */
export async function setReference(
  services: Services,
  caller: Caller,
  type: ReferenceType,
  id: string,
  input: SetReferenceInput,
): Promise<Done & { readonly reference: ReferenceView }> {
  const command = { type: 'SetReference', reference: { type, id, ...input } } as const;
  const context = commandContext(services, caller, 'set', { input });
  const outcome = await executeForState(services, 'reference', referenceStreamId(type, id), command, context);
  return { ...outcome, reference: { ...outcome.state, version: outcome.version } };
}
