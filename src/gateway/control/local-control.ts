/** The sockets of this process, for those who send to them, list them or end them from outside: one part of the whole. */
import type {
  ClientRange,
  ClientsPage,
  ClientTarget,
  SocketEvent,
  SocketTarget,
} from '../../application/socket-control.ts';
import type { Client } from '../../contract/sockets.ts';
import { EVERYONE, type Session, userRoom } from '../connection/client.ts';
import type { Sessions } from '../connection/clients.ts';
import { memberRoom } from '../delivery/live-stream.ts';
import type { Rooms } from '../delivery/rooms.ts';
import { type LiveKind, tableOf } from '../delivery/stream-access.ts';
import type { Dialect } from '../dialects/dialect.ts';

interface Parts {
  readonly dialects: readonly Dialect[];
  readonly sessions: Sessions;
  readonly rooms: Rooms;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface LocalControl {
  /** Resolves with the number of sockets reached; undefined when the target is a socket that is not here. */
  send(target: SocketTarget, event: SocketEvent, excludeUserId?: string): Promise<number | undefined>;
  /** Returns the number of sockets ended, those of the same connection included; undefined as above. */
  disconnect(target: ClientTarget): number | undefined;
  summary(): Summary;
  clients(range: ClientRange): ClientsPage;
  client(socketId: string): Client | undefined;
  clientsOf(userId: string): readonly Client[];
}

export interface Summary {
  readonly connections: number;
  /** Seconds. */
  readonly uptime: number;
}

/** Characters of a page of clients, as JSON: well within what the broker takes. */
const PAGE_SIZE = 256 * 1024;

export function createLocalControl({ dialects, sessions, rooms, now }: Parts): LocalControl {
  const startedAt = now();
  const namespaces = [...new Set(dialects.map(({ namespace }) => namespace))];

  /** The Socket.IO rooms of a namespace in which a target's sockets are. */
  function roomsOf(target: Exclude<SocketTarget, { client: string }>, namespace: string): string[] {
    if ('everyone' in target) return [EVERYONE];
    if ('users' in target) return target.users.map(userRoom);
    const [kind, id]: [LiveKind, string] = 'room' in target ? ['room', target.room] : ['ticket', target.ticketId];
    return dialects
      .filter((dialect) => dialect.namespace === namespace && tableOf(dialect, kind) !== undefined)
      .map((dialect) => memberRoom(dialect, kind, id, 'public'));
  }

  function sendToOne(socketId: string, { name, data }: SocketEvent, excludeUserId?: string) {
    const session = sessions.ofSocket(socketId);
    if (session === undefined) return undefined;
    if (session.user.id === excludeUserId) return 0;
    session.socket.emit(name, data);
    return 1;
  }

  /** The connection ends as a whole, so all of its sockets do. */
  function endedWith(target: ClientTarget): Session[] | undefined {
    if ('users' in target) return target.users.flatMap((id) => [...sessions.ofUser(id)]);
    const session = sessions.ofSocket(target.client);
    return session && sessions.sameConnection(session);
  }

  return {
    async send(target, event, excludeUserId) {
      if ('client' in target) return sendToOne(target.client, event, excludeUserId);
      const except = excludeUserId === undefined ? undefined : userRoom(excludeUserId);
      const wire = { name: event.name, payload: event.data };
      const reached = await Promise.all(
        namespaces.map((namespace) => rooms.reach(namespace, roomsOf(target, namespace), wire, except)),
      );
      return reached.reduce((sum, sockets) => sum + sockets, 0);
    },
    disconnect(target) {
      const ending = endedWith(target);
      for (const { socket } of ending ?? []) {
        socket.emit('error', { type: 'forbidden', message: 'Disconnected by an administrator' });
      }
      for (const { socket } of ending ?? []) socket.disconnect(true);
      return ending?.length;
    },
    summary: () => ({ connections: sessions.size, uptime: Math.floor((now() - startedAt) / 1_000) }),
    clients({ after = '', limit }) {
      const ids = Iterator.from(sessions).map(({ socket }) => socket.id);
      const next = [...ids.filter((id) => id > after)].sort();
      const clients: Client[] = [];
      let size = 0;
      for (const id of next) {
        const [view] = viewOf(sessions.ofSocket(id));
        size += JSON.stringify(view ?? '').length;
        if (clients.length === limit || (size > PAGE_SIZE && clients.length > 0)) return { clients, more: true };
        if (view !== undefined) clients.push(view);
      }
      return { clients, more: false };
    },
    client: (socketId) => viewOf(sessions.ofSocket(socketId))[0],
    clientsOf: (userId) => [...sessions.ofUser(userId)].flatMap(viewOf),
  };
}

function viewOf(session: Session | undefined): Client[] {
  if (session === undefined) return [];
  const { socket, user, namespace, connectedAt } = session;
  const streams = Iterator.from(session.members.values()).map(({ stream }) => stream);
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
