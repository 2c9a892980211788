/**
 * Events over HTTP to connected sockets, and questions about them. `domain/access.ts` decides who may. Nothing here is
 * durable: a client that is not connected misses the event. Source: docs/protocol.md section 6.
 */
import type { Client, PushedEventName, SocketsStatus } from '../contract/sockets.ts';
import { mayDisconnectClients, mayPushToSockets, requirePermission } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Application } from './application.ts';
import { requireFanOut } from './fan-out.ts';
import type { ClientRange, ClientsPage, ClientTarget, SocketControl, SocketTarget } from './socket-control.ts';
import { getTicketState, ticketIdOf } from './tickets.ts';

/** The control of the sockets; undefined until the sockets are served. */
export type Sockets = () => SocketControl | undefined;

/** The address of a push as the request gives it. */
export type PushAddress =
  /** A socket by its id, or with `user:<id>` all sockets of a user. */
  | { readonly clientId: string }
  | { readonly users: readonly string[] }
  | { readonly room: string }
  /** By id or number. */
  | { readonly ticket: string }
  | { readonly everyone: true };

export interface Push<Name extends string> {
  readonly to: PushAddress;
  readonly name: Name;
  /** Any JSON. */
  readonly data: unknown;
  readonly excludeUserId?: string;
}

/** Resolves with the number of sockets reached. */
export async function pushToSockets(
  application: Application,
  sockets: Sockets,
  user: UserFacts,
  push: Push<PushedEventName>,
): Promise<number> {
  return sendTo(application, permittedControl(sockets, user), push);
}

/** As `pushToSockets`, for an event whose name the caller chose. The name must not be one that clients know. */
export async function pushCustomEvent(
  application: Application,
  sockets: Sockets,
  user: UserFacts,
  push: Push<string>,
): Promise<number> {
  const control = permittedControl(sockets, user);
  requireCustomName(control, push.name);
  if ('users' in push.to) requireFanOut({ data: push.data }, new Set(push.to.users).size);
  return sendTo(application, control, push);
}

export async function getSocketsStatus(sockets: Sockets, user: UserFacts): Promise<SocketsStatus> {
  return permittedControl(sockets, user).status();
}

export async function listClients(sockets: Sockets, user: UserFacts, range: ClientRange): Promise<ClientsPage> {
  return permittedControl(sockets, user).clients(range);
}

/** The sockets of a client id. None for a user who is not connected; rejects with `not_found` for an unknown socket. */
export async function findClients(
  application: Application,
  sockets: Sockets,
  user: UserFacts,
  clientId: string,
): Promise<readonly Client[]> {
  const control = permittedControl(sockets, user);
  const target = await clientTarget(application, clientId);
  if ('user' in target) return control.clientsOf(target.user);
  const client = await control.client(target.client);
  if (client === undefined) throw unknownClient();
  return [client];
}

/** Resolves with the number of sockets that were disconnected. */
export async function disconnectClients(
  application: Application,
  sockets: Sockets,
  user: UserFacts,
  clientId: string,
): Promise<number> {
  requirePermission(mayDisconnectClients(user), 'Only admins may disconnect clients');
  const target = await clientTarget(application, clientId);
  const disconnected = await permittedControl(sockets, user).disconnect(target);
  if (disconnected === undefined) throw unknownClient();
  return disconnected;
}

function permittedControl(sockets: Sockets, user: UserFacts): SocketControl {
  requirePermission(mayPushToSockets(user), 'Only services and admins may use the relay');
  const control = sockets();
  if (control === undefined) throw new DeskwireError('unavailable', 'Not started yet', { retryAfter: 1 });
  return control;
}

async function sendTo(
  application: Application,
  control: SocketControl,
  { to, name, data, excludeUserId }: Push<string>,
): Promise<number> {
  const delivered = await control.send(await targetOf(application, to), { name, data }, excludeUserId);
  if (delivered === undefined) throw unknownClient();
  return delivered;
}

async function targetOf(application: Application, to: PushAddress): Promise<SocketTarget> {
  if ('clientId' in to) return clientTarget(application, to.clientId);
  if ('ticket' in to) return ticketTarget(application, to.ticket);
  return to;
}

/** Rejects with `not_found` for a user who does not exist. A user without a socket is a target that reaches none. */
async function clientTarget(
  application: Application,
  clientId: string,
): Promise<ClientTarget & ({ readonly client: string } | { readonly user: string })> {
  if (!clientId.startsWith('user:')) return { client: clientId };
  const user = clientId.slice('user:'.length);
  if ((await application.directory.user(user)) === undefined) throw unknownClient();
  return { user, users: [user] };
}

/** Rejects with `not_found` for a ticket that does not exist or was deleted. */
async function ticketTarget(application: Application, idOrNumber: string): Promise<SocketTarget> {
  const ticketId = await ticketIdOf(application, idOrNumber);
  const { state } = await getTicketState(application, ticketId);
  if (!state.exists || state.deleted) throw new DeskwireError('not_found', 'Ticket not found', { field: 'ticketId' });
  return { ticketId };
}

function unknownClient(): DeskwireError {
  return new DeskwireError('not_found', 'There is no such client', { field: 'clientId' });
}

const CUSTOM_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;

function requireCustomName({ takenNames }: SocketControl, name: string): void {
  if (CUSTOM_NAME.test(name) && !takenNames.has(name)) return;
  const problem = takenNames.has(name)
    ? 'This event has a meaning of its own'
    : 'An event name is a letter and up to 63 letters, digits and _ . : -';
  throw new DeskwireError('unusable_event_name', problem, { field: 'eventName' });
}
