/** The sockets of this process, for those who send to them from outside. */
import type { ClientView, SocketControl, SocketTarget } from '../../application/socket-control.ts';
import { EVERYONE, type Session, userRoom } from '../connection/session.ts';
import type { Sessions } from '../connection/sessions.ts';
import { takenNames } from '../dialects/catalog.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { memberRoom } from '../live/live-stream.ts';
import type { LiveStreams } from '../live/live-streams.ts';
import { type LiveKind, tableOf } from '../live/subjects.ts';
import type { Rooms } from '../rooms.ts';

interface Parts {
  readonly dialects: readonly Dialect[];
  readonly sessions: Sessions;
  readonly streams: LiveStreams;
  readonly rooms: Rooms;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createSocketControl({ dialects, sessions, streams, rooms, now }: Parts): SocketControl {
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

  function sendToOne(socketId: string, { name, data }: { name: string; data: unknown }, excludeUserId?: string) {
    const session = sessions.ofSocket(socketId);
    if (session === undefined) return undefined;
    if (session.user.id === excludeUserId) return 0;
    session.socket.emit(name, data);
    return 1;
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
    async status() {
      let occupied = 0;
      for (const { kind, members } of streams) {
        if (kind === 'room' && Iterator.from(members).some(() => true)) occupied += 1;
      }
      const uptime = Math.floor((now() - startedAt) / 1_000);
      // This process is the one node that it knows of.
      return { connections: sessions.size, users: sessions.users, rooms: occupied, nodes: 1, uptime };
    },
    async clients({ after = '', limit }) {
      const ids = Iterator.from(sessions).map(({ socket }) => socket.id);
      const next = [...ids.filter((id) => id > after)].sort().slice(0, limit);
      return next.flatMap((id) => viewOf(sessions.ofSocket(id)));
    },
    client: async (socketId) => viewOf(sessions.ofSocket(socketId))[0],
    clientsOf: async (userId) => [...sessions.ofUser(userId)].flatMap(viewOf),
    takenNames: takenNames(dialects),
  };
}

function viewOf(session: Session | undefined): ClientView[] {
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
