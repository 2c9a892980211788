/**
 * What HTTP can do with connected sockets: the port between the API and the gateway. Targets and answers are plain
 * data, because most sockets are with other processes. Whoever of these does not answer in time is left out, and nobody
 * waits longer.
 */
import type { Client, SocketsStatus } from '../contract/sockets.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { Application } from './application.ts';
import { getTicketState, ticketIdOf } from './tickets.ts';

/** One socket, by its id, or all devices of these users. */
export type ClientTarget = { readonly client: string } | { readonly users: readonly string[] };

/** Whom something is sent to: sockets in every namespace, unless the target is narrower. */
export type SocketTarget =
  | ClientTarget
  /** Those that are in a room. */
  | { readonly room: string }
  /** Those that are in a ticket, by whichever namespace. */
  | { readonly ticketId: string }
  | { readonly everyone: true };

export interface SocketEvent {
  readonly name: string;
  /** Any JSON. */
  readonly data: unknown;
}

export interface ClientRange {
  /** The id of a socket. */
  readonly after?: string;
  readonly limit: number;
}

export interface ClientsPage {
  readonly clients: readonly Client[];
  /** Whether others follow; a page may also be shorter than asked for. */
  readonly more: boolean;
}

export interface SocketControl {
  /** Resolves with the number of sockets reached; undefined when the target is a socket that is not there. */
  send(target: SocketTarget, event: SocketEvent, excludeUserId?: string): Promise<number | undefined>;
  /** Tells them so and ends their connections. Resolves with the number of sockets ended; undefined as above. */
  disconnect(target: ClientTarget): Promise<number | undefined>;
  status(): Promise<SocketsStatus>;
  /** In the order of their ids. */
  clients(range: ClientRange): Promise<ClientsPage>;
  client(socketId: string): Promise<Client | undefined>;
  clientsOf(userId: string): Promise<readonly Client[]>;
  /** Names of events that mean something to clients already: nobody sends others under them. */
  readonly takenNames: ReadonlySet<string>;
}

/**
 * Returns the target of a client id: one socket, or with `user:<id>` all devices of a user. Rejects with `not_found`
 * for a user who does not exist. A user without a socket is a valid target that reaches no socket.
 */
export async function findClientTarget(
  application: Application,
  clientId: string,
): Promise<{ readonly client: string } | { readonly user: string; readonly users: readonly string[] }> {
  if (!clientId.startsWith('user:')) return { client: clientId };
  const user = clientId.slice('user:'.length);
  if ((await application.directory.user(user)) === undefined) throw unknownClient();
  return { user, users: [user] };
}

/** Rejects with `not_found` for a ticket that does not exist or was deleted. */
export async function findTicketTarget(application: Application, idOrNumber: string): Promise<SocketTarget> {
  const ticketId = await ticketIdOf(application, idOrNumber);
  const { state } = await getTicketState(application, ticketId);
  if (!state.exists || state.deleted) throw new DeskwireError('not_found', 'Ticket not found', { field: 'ticketId' });
  return { ticketId };
}

export function unknownClient(): DeskwireError {
  return new DeskwireError('not_found', 'There is no such client', { field: 'clientId' });
}
