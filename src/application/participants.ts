/** Who works on a ticket and who reads along, as the API changes it. */
import type { CommandOutcome } from '../actors/actor-system.ts';
import { type Application, type Caller, commandContext, type Done } from './application.ts';
import { execute, executeForState } from './execute.ts';
import { ticketIdOf, userNamedBy } from './tickets.ts';

/** Adding somebody who is on the ticket already changes nothing. Rejects with `not_found` naming `userId`. */
export async function addParticipant(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  userId: string,
): Promise<CommandOutcome<'ticket'>> {
  const id = await ticketIdOf(application, idOrNumber);
  const user = await userNamedBy(application, caller, userId, 'userId');
  const context = commandContext(application, caller, 'add-participant', { input: { userId } });
  return execute(application, 'ticket', id, { type: 'AddParticipant', user }, context);
}

/** Removing somebody who is not a participant changes nothing. */
export async function removeParticipant(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  userId: string,
): Promise<Done> {
  const id = await ticketIdOf(application, idOrNumber);
  const context = commandContext(application, caller, 'remove-participant', { input: { userId } });
  return execute(application, 'ticket', id, { type: 'RemoveParticipant', userId }, context);
}

/** null removes the assignee. Rejects with `not_found` naming `assigneeId`. */
export async function assignTicket(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  assigneeId: string | null,
): Promise<CommandOutcome<'ticket'>> {
  const id = await ticketIdOf(application, idOrNumber);
  const assignee = assigneeId === null ? null : await userNamedBy(application, caller, assigneeId, 'assigneeId');
  const context = commandContext(application, caller, 'assign', { input: { assigneeId } });
  return executeForState(application, 'ticket', id, { type: 'ChangeTicket', assignee }, context);
}
