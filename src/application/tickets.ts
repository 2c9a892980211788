/** Tickets: open, change, delete, mark as read, get and list. */
import { v5 as uuidv5 } from 'uuid';
import type { CommandOutcome } from '../actors/actor-system.ts';
import type { ChangeTicketBody, OpenTicketBody } from '../contract/ticket.ts';
import { mayOpenTicketFor, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import { streamOf } from '../domain/event.ts';
import { lookUp } from '../domain/record.ts';
import { rowOf } from '../domain/ticket/people.ts';
import { shownVersion, viewOf } from '../domain/ticket/public-view.ts';
import type { TicketRow, TicketState } from '../domain/ticket/state.ts';
import { isStaff, LEAST_ROLE, type UserFacts } from '../domain/user/identity.ts';
import type { ListedTicket, Page, TicketFilter } from '../projections/queries/queries.ts';
import { type Application, type Caller, commandContext } from './application.ts';
import { backendsOf } from './backends.ts';
import { execute, executeForState, spendQuota } from './execute.ts';

/** Namespace of the ticket ids that follow from an idempotency key. Never change it: retries would open twice. */
const TICKET_NAMESPACE = '6f2a4c0e-5b1d-4e53-9d0b-3c1f8a7e2d94';

/** Rejects with `forbidden`, or `not_found` naming what is unknown (`User not found`, `Station not found`). */
export async function openTicket(
  application: Application,
  caller: Caller,
  input: OpenTicketBody,
): Promise<CommandOutcome<'ticket'>> {
  const requester = await requesterOf(application, caller, input.requesterId);
  const station = await stationOf(application, input.stationId);
  if (input.grnId !== undefined) await requireReference(application, 'grn', input.grnId, 'GRN', 'grnId');
  if (input.dispatchId !== undefined) {
    await requireReference(application, 'dispatch', input.dispatchId, 'Dispatch', 'dispatchId');
  }
  const id = ticketIdFor(application, caller);
  const { requesterId: _requester, stationId: _station, ...fields } = input;
  const context = commandContext(application, caller, 'open', { input });
  const open = async () =>
    executeForState(
      application,
      'ticket',
      id,
      {
        type: 'OpenTicket',
        number: await numberFor(application, caller, id),
        requester: { id: requester.id, name: requester.name },
        category: 'general',
        priority: 'medium',
        tags: [],
        ...fields,
        ...(station !== undefined && { station }),
      },
      context,
    );
  // The description is a message, too.
  const spending = { user: caller.user, quota: 'messages', amount: 1, stream: streamOf('ticket', id) };
  const { commandId } = context;
  return spendQuota(application, { ...spending, commandId, named: caller.key !== undefined }, open);
}

/** The id follows from user and key, so that the same key finds the stream that it opened. */
function ticketIdFor(application: Application, caller: Caller): string {
  if (caller.key === undefined) return application.newId();
  return uuidv5(`${caller.user.id.length}:${caller.user.id}:${caller.key}`, TICKET_NAMESPACE);
}

/** A retry keeps the number of the first time, so that it uses up none. */
async function numberFor(application: Application, caller: Caller, id: string): Promise<number> {
  if (caller.key !== undefined) {
    const { state } = await backendsOf(application).actors.read('ticket', id);
    if (state.exists) return state.number;
  }
  return backendsOf(application).nextTicketNumber();
}

async function requesterOf(application: Application, caller: Caller, requesterId: string | undefined) {
  if (requesterId === undefined || requesterId === caller.user.id) return caller.user;
  // Before the look-up: a caller without permission must not learn who exists.
  requirePermission(mayOpenTicketFor(caller.user, requesterId), 'You may open tickets only for yourself');
  const user = await application.directory.user(requesterId);
  if (user === undefined || !user.active)
    throw new DeskwireError('not_found', 'User not found', { field: 'requesterId' });
  return user;
}

async function stationOf(application: Application, id: string | undefined) {
  if (id === undefined) return undefined;
  const station = await requireReference(application, 'station', id, 'Station', 'stationId');
  return { id, name: station.name ?? id };
}

async function requireReference(
  application: Application,
  type: 'station' | 'grn' | 'dispatch',
  id: string,
  label: string,
  field: string,
) {
  const reference = await application.directory.reference(type, id);
  if (reference === undefined) throw new DeskwireError('not_found', `${label} not found`, { field });
  return reference;
}

/** `idOrNumber` as the client gave it. */
export async function changeTicket(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  input: ChangeTicketBody,
): Promise<CommandOutcome<'ticket'>> {
  const { assigneeId, ...fields } = input;
  const assignee =
    typeof assigneeId === 'string' ? await userNamedBy(application, caller, assigneeId, 'assigneeId') : assigneeId;
  const id = await ticketIdOf(application, idOrNumber);
  return executeForState(
    application,
    'ticket',
    id,
    { type: 'ChangeTicket', ...fields, ...(assignee !== undefined && { assignee }) },
    commandContext(application, caller, 'change', { input }),
  );
}

/**
 * The user whom a command about a ticket names. The decider refuses callers who may not give the command; such callers
 * must not learn who exists, so nobody is looked up for them. Rejects with `not_found` naming the field.
 */
export async function userNamedBy(
  application: Application,
  caller: Caller,
  id: string,
  field: string,
): Promise<UserFacts> {
  if (!isStaff(caller.user.role)) return { id, name: id, role: LEAST_ROLE, active: false };
  const user = await application.directory.user(id);
  if (user === undefined) throw new DeskwireError('not_found', 'User not found', { field });
  return user;
}

export async function deleteTicket(
  application: Application,
  caller: Caller,
  idOrNumber: string,
): Promise<CommandOutcome<'ticket'>> {
  const id = await ticketIdOf(application, idOrNumber);
  const context = commandContext(application, caller, 'delete', { input: {} });
  return executeForState(application, 'ticket', id, { type: 'DeleteTicket' }, context);
}

/** A ticket after a command, as the caller sees it, with the present name of its requester. */
export async function changedTicket(
  application: Application,
  viewer: UserFacts,
  state: TicketState,
): Promise<TicketRow> {
  const requester = await application.directory.user(state.requesterId);
  return { ...rowOf(state, viewer), requesterName: requester?.name ?? state.requesterName };
}

export interface TicketReadOutcome extends CommandOutcome<'ticket'> {
  /** How far the caller has read, in their numbering; for a retry, how far the first attempt came. */
  readonly reached: number;
}

/** `upTo` and the outcome's versions are in the caller's numbering; a smaller one than before changes nothing. */
export async function markTicketRead(
  application: Application,
  caller: Caller,
  idOrNumber: string,
  upTo: number,
): Promise<TicketReadOutcome> {
  const id = await ticketIdOf(application, idOrNumber);
  const context = commandContext(application, caller, 'read', { input: { upTo } });
  const outcome = await execute(application, 'ticket', id, { type: 'MarkTicketRead', upTo }, context);
  const { internalVersions, reads, publicReads } = outcome.state;
  const view = viewOf(caller.user);
  const inView = (version: number) => shownVersion(version, internalVersions, view);
  const [event] = outcome.events;
  const now = lookUp(view === 'staff' ? reads : publicReads, caller.user.id) ?? 0;
  const reached = inView(event?.type === 'TicketRead' ? event.data.upTo : now);
  return { ...outcome, version: inView(outcome.version), reached };
}

/**
 * The id of the ticket that a client names by id or number. An id is returned without a query: the use case that works
 * with it rejects with `not_found`. A number unknown to the read models may belong to a ticket opened a moment ago, so
 * the read models get a bounded time to catch up.
 */
export async function ticketIdOf(application: Application, idOrNumber: string): Promise<string> {
  if (!/^\d+$/.test(idOrNumber)) return idOrNumber;
  let id = await backendsOf(application).queries.ticketId(idOrNumber);
  if (id === undefined) {
    await application.settle();
    id = await backendsOf(application).queries.ticketId(idOrNumber);
  }
  if (id === undefined) throw new DeskwireError('not_found', 'Ticket not found');
  return id;
}

/** The state of a ticket as its actor has it, whoever asks. A ticket that does not exist has the initial state. */
export async function getTicketState(
  application: Application,
  id: string,
): Promise<{ readonly state: TicketState; readonly version: number }> {
  return backendsOf(application).actors.read('ticket', id);
}

/** The tickets that the user may see, newest first, each with the number of messages that they have not read. */
export async function listTickets(
  application: Application,
  user: UserFacts,
  filter: TicketFilter,
  page: { cursor?: string; limit: number },
): Promise<Page<ListedTicket>> {
  return backendsOf(application).queries.tickets(filter, user, page);
}

/** Messages of a ticket that the user has not read. */
export async function getUnread(application: Application, user: UserFacts, ticketId: string): Promise<number> {
  return backendsOf(application).queries.unread(ticketId, user);
}
