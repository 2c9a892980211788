/** Control of the sockets of this process: sends to them, lists them and ends them, for requests over HTTP. */
import type {
  ClientRange,
  ClientsPage,
  ClientTarget,
  SocketEvent,
  SocketTarget,
} from '../../application/socket-control.ts';
import type { Client as ClientView } from '../../contract/sockets.ts';
import { DeskwireError } from '../../domain/errors.ts';
import { type Client, EVERYONE, userRoom } from '../connection/client.ts';
import type { Clients } from '../connection/clients.ts';
import { memberRooms } from '../delivery/member-rooms.ts';
import type { SocketRooms } from '../delivery/socket-rooms.ts';
import { tableOf } from '../delivery/stream-access.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { LiveKind } from '../dialects/joining.ts';

interface LocalControlDeps {
  readonly dialects: readonly Dialect[];
  readonly clients: Clients;
  readonly rooms: SocketRooms;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Sends the client the error, then ends it. */
  end(client: Client, error: DeskwireError): void;
}

export interface LocalControl {
  /** Resolves with the number of sockets reached; undefined when the target is one socket of another process. */
  send(target: SocketTarget, event: SocketEvent, excludeUserId?: string): Promise<number | undefined>;
  /** Returns the number of sockets ended; undefined as for `send`. */
  disconnect(target: ClientTarget): number | undefined;
  summary(): Summary;
  clients(range: ClientRange): ClientsPage;
  client(socketId: string): ClientView | undefined;
  clientsOf(userId: string): readonly ClientView[];
}

export interface Summary {
  readonly connections: number;
  /** Seconds since the start. */
  readonly uptime: number;
}

/** The number of characters of a page of clients, as JSON. The broker takes larger messages. */
const PAGE_SIZE = 256 * 1024;

export function createLocalControl(deps: LocalControlDeps): LocalControl {
  const { dialects, clients, rooms, now } = deps;
  const startedAt = now();
  const namespaces = [...new Set(dialects.map(({ namespace }) => namespace))];

  /** The Socket.IO rooms of a namespace in which a target's sockets are. */
  function roomsOf(target: Exclude<SocketTarget, { client: string }>, namespace: string): string[] {
    if ('everyone' in target) return [EVERYONE];
    if ('users' in target) return target.users.map(userRoom);
    const [kind, id]: [LiveKind, string] = 'room' in target ? ['room', target.room] : ['ticket', target.ticketId];
    return dialects
      .filter((dialect) => dialect.namespace === namespace && tableOf(dialect, kind) !== undefined)
      .flatMap((dialect) => memberRooms(dialect, kind, id));
  }

  function sendToOne(socketId: string, { name, data }: SocketEvent, excludeUserId?: string) {
    const client = clients.ofSocket(socketId);
    if (client === undefined) return undefined;
    if (client.user.id === excludeUserId) return 0;
    client.socket.emit(name, data);
    return 1;
  }

  function clientsToEnd(target: ClientTarget): Client[] | undefined {
    if ('users' in target) return target.users.flatMap((id) => [...clients.ofUser(id)]);
    const client = clients.ofSocket(target.client);
    return client && [client];
  }

  return {
    async send(target, event, excludeUserId) {
      if ('client' in target) return sendToOne(target.client, event, excludeUserId);
      const except = excludeUserId === undefined ? undefined : userRoom(excludeUserId);
      const wire = { name: event.name, payload: event.data };
      const reached = await Promise.all(
        namespaces.map((namespace) => rooms.sendToRooms(namespace, roomsOf(target, namespace), wire, except)),
      );
      return reached.reduce((sum, sockets) => sum + sockets, 0);
    },
    disconnect(target) {
      const ending = clientsToEnd(target);
      const error = new DeskwireError('forbidden', 'Disconnected by an administrator');
      for (const client of ending ?? []) deps.end(client, error);
      return ending?.length;
    },
    summary: () => ({ connections: clients.size, uptime: Math.floor((now() - startedAt) / 1_000) }),
    clients({ after = '', limit }) {
      const ids = Iterator.from(clients).map(({ socket }) => socket.id);
      const next = [...ids.filter((id) => id > after)].sort();
      const page: ClientView[] = [];
      let size = 0;
      for (const id of next) {
        const [view] = viewOf(clients.ofSocket(id));
        size += JSON.stringify(view ?? '').length;
        if (page.length === limit || (size > PAGE_SIZE && page.length > 0)) return { clients: page, more: true };
        if (view !== undefined) page.push(view);
      }
      return { clients: page, more: false };
    },
    client: (socketId) => viewOf(clients.ofSocket(socketId))[0],
    clientsOf: (userId) => [...clients.ofUser(userId)].flatMap(viewOf),
  };
}

function viewOf(client: Client | undefined): ClientView[] {
  if (client === undefined) return [];
  const { socket, user, namespace, connectedAt } = client;
  const streams = Iterator.from(client.members.values()).map(({ stream }) => stream);
  const rooms = new Set(streams.filter(({ kind }) => kind === 'room').map(({ id }) => id));
  return [
    {
      clientId: socket.id,
      userId: user.id,
      name: user.name,
      role: user.role,
      namespace,
      transport: socket.conn.transport.name,
      connectedAt,
      rooms: [...rooms],
    },
  ];
}
