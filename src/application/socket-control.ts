/**
 * What HTTP can do with connected sockets: the port between the API and the gateway. Targets and answers are plain data,
 * because most sockets are with other processes. Whoever of these does not answer in time is left out, and nobody waits longer.
 */
import type { Role } from '../domain/user/identity.ts';

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

export interface SocketsStatus {
  /** Sockets: a client has one for each namespace that it uses. */
  readonly connections: number;
  readonly users: number;
  /** Rooms with somebody in them. */
  readonly rooms: number;
  /** Processes with sockets. */
  readonly nodes: number;
  /** Seconds since the first of them started. */
  readonly uptime: number;
}

export interface ClientView {
  readonly clientId: string;
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  readonly namespace: string;
  readonly transport: string;
  /** RFC 3339 UTC. */
  readonly connectedAt: string;
  /** The rooms that it joined. */
  readonly rooms: readonly string[];
}

export interface ClientRange {
  /** The id of a socket. */
  readonly after?: string;
  readonly limit: number;
}

export interface ClientsPage {
  readonly clients: readonly ClientView[];
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
  client(socketId: string): Promise<ClientView | undefined>;
  clientsOf(userId: string): Promise<readonly ClientView[]>;
  /** Names of events that mean something to clients already: nobody sends others under them. */
  readonly takenNames: ReadonlySet<string>;
}
