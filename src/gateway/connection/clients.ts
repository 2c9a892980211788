/** The registry of the clients of this process, by socket, user and connection. */
import type { Client } from './client.ts';

export interface Clients extends Iterable<Client> {
  add(client: Client): void;
  remove(client: Client): void;
  ofSocket(socketId: string): Client | undefined;
  ofUser(userId: string): ReadonlySet<Client>;
  /** The clients on the same connection, this one included: a connection carries a socket for each namespace. */
  sameConnection(client: Client): Client[];
  readonly size: number;
  /** The number of users with clients. */
  readonly users: number;
}

const NONE: ReadonlySet<Client> = new Set();

export function createClients(): Clients {
  const bySocket = new Map<string, Client>();
  const byUser = new Map<string, Set<Client>>();
  return {
    add(client) {
      bySocket.set(client.socket.id, client);
      const known = byUser.get(client.user.id);
      if (known === undefined) byUser.set(client.user.id, new Set([client]));
      else known.add(client);
    },
    remove(client) {
      bySocket.delete(client.socket.id);
      const known = byUser.get(client.user.id);
      known?.delete(client);
      if (known?.size === 0) byUser.delete(client.user.id);
    },
    ofSocket: (socketId) => bySocket.get(socketId),
    ofUser: (userId) => byUser.get(userId) ?? NONE,
    sameConnection: (client) =>
      [...(byUser.get(client.user.id) ?? NONE)].filter(({ socket }) => socket.conn === client.socket.conn),
    get size() {
      return bySocket.size;
    },
    get users() {
      return byUser.size;
    },
    [Symbol.iterator]: () => bySocket.values(),
  };
}
