/** Who works on a ticket and who reads along, as the API changes it. */
import type { CommandOutcome } from '../actors/actor-system.ts';
import { execute, executeForState } from './execute.ts';
import { type Caller, commandContext, type Done, type Services } from './services.ts';
import { ticketIdOf, userNamedBy } from './tickets.ts';

/** Adding somebody who is on the ticket already changes nothing. Rejects with `not_found` naming `userId`. */
export async function addParticipant(
  services: Services,
  caller: Caller,
  idOrNumber: string,
  userId: string,
): Promise<Done> {
  const id = await ticketIdOf(services, idOrNumber);
  const user = await userNamedBy(services, caller, userId, 'userId');
  const context = commandContext(services, caller, 'add-participant', { input: { userId } });
  return execute(services, 'ticket', id, { type: 'AddParticipant', user }, context);
}

/** Removing somebody who is not a participant changes nothing. */
export async function removeParticipant(
  services: Services,
  caller: Caller,
  idOrNumber: string,
  userId: string,
): Promise<Done> {
  const id = await ticketIdOf(services, idOrNumber);
  const context = commandContext(services, caller, 'remove-participant', { input: { userId } });
  return execute(services, 'ticket', id, { type: 'RemoveParticipant', userId }, context);
}

/** null takes the assignee away. Rejects with `not_found` naming `assigneeId`. */
export async function assignTicket(
  services: Services,
  caller: Caller,
  idOrNumber: string,
  assigneeId: string | null,
): Promise<CommandOutcome<'ticket'>> {
  const id = await ticketIdOf(services, idOrNumber);
  const assignee = assigneeId === null ? null : await userNamedBy(services, caller, assigneeId, 'assigneeId');
  const context = commandContext(services, caller, 'assign', { input: { assigneeId } });
  return executeForState(services, 'ticket', id, { type: 'ChangeTicket', assignee }, context);
}
