/** References of tickets: stations, GRNs, dispatches, vendors. */
import type { Reference, SetReferenceBody } from '../contract/reference.ts';
import { maySeeReferences, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import { referenceStreamId } from '../domain/reference/decider.ts';
import type { ReferenceType } from '../domain/reference/events.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { backendsOf } from './backends.ts';
import { executeForState } from './execute.ts';

/** Rejects with `forbidden` first, so that the answer does not tell whether the reference exists. */
export async function getReference(
  application: Application,
  user: UserFacts,
  type: ReferenceType,
  id: string,
): Promise<Reference> {
  requirePermission(maySeeReferences(user), 'Only staff and services see references');
  const reference = await backendsOf(application).queries.reference(type, id);
  if (reference === undefined) throw new DeskwireError('not_found', 'Reference not found');
  return reference;
}

/** Replaces a reference as a whole: a field that is not given is removed. */
export async function setReference(
  application: Application,
  caller: Caller,
  type: ReferenceType,
  id: string,
  input: SetReferenceBody,
): Promise<Done & { readonly reference: Reference }> {
  const command = { type: 'SetReference', reference: { type, id, ...input } } as const;
  const context = commandContext(application, caller, 'set', { input });
  const outcome = await executeForState(application, 'reference', referenceStreamId(type, id), command, context);
  return { ...outcome, reference: { ...outcome.state, version: outcome.version } };
}
