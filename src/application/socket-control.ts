/**
 * What HTTP can do with connected sockets: the port between the API and the gateway. Targets and answers are plain data,
 * so that one who reaches several hosts can stand behind it as well as one who reaches this process.
 */
import type { Role } from '../domain/user/identity.ts';

/** Whom something is sent to: sockets in every namespace, unless the target is narrower. */
export type SocketTarget =
  /** One socket, by its id. */
  | { readonly client: string }
  /** All devices of these users. */
  | { readonly users: readonly string[] }
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
  readonly nodes: number;
  /** Seconds since this node started. */
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

export interface SocketControl {
  /** Resolves with the number of sockets reached; undefined when the target is a socket that is not there. */
  send(target: SocketTarget, event: SocketEvent, excludeUserId?: string): Promise<number | undefined>;
  status(): Promise<SocketsStatus>;
  /** At most `limit`, in the order of their ids, after `after`. */
  clients(range: { readonly after?: string; readonly limit: number }): Promise<readonly ClientView[]>;
  client(socketId: string): Promise<ClientView | undefined>;
  clientsOf(userId: string): Promise<readonly ClientView[]>;
  /** Names of events that mean something to clients already: nobody sends others under them. */
  readonly takenNames: ReadonlySet<string>;
}
