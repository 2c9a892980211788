/**
 * The port through which use cases control connected sockets; the gateway implements it. Targets and answers are plain
 * data, because most sockets belong to other processes. A process that does not answer in time is left out of the
 * answer.
 */
import type { Client, SocketsStatus } from '../contract/sockets.ts';

/** One socket, by its id, or all sockets of these users. */
export type ClientTarget = { readonly client: string } | { readonly users: readonly string[] };

/** The receivers of an event: sockets in every namespace, unless the target is narrower. */
export type SocketTarget =
  | ClientTarget
  /** The sockets in a room. */
  | { readonly room: string }
  /** The sockets in a ticket, in any namespace. */
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
  /** Resolves with the number of sockets reached; undefined when the target is a socket that does not exist. */
  send(target: SocketTarget, event: SocketEvent, excludeUserId?: string): Promise<number | undefined>;
  /**
   * Sends the sockets the reason and ends their connections. Resolves with the number of sockets ended; undefined as
   * for `send`.
   */
  disconnect(target: ClientTarget): Promise<number | undefined>;
  status(): Promise<SocketsStatus>;
  /** In the order of their ids. */
  clients(range: ClientRange): Promise<ClientsPage>;
  client(socketId: string): Promise<Client | undefined>;
  clientsOf(userId: string): Promise<readonly Client[]>;
  /** The names of events that clients know. A custom event may not have one of them. */
  readonly takenNames: ReadonlySet<string>;
}
