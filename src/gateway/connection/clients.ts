/** Every session of this process, found by socket, user, connection or signed-in session. */
import type { Session } from './client.ts';

export interface Sessions extends Iterable<Session> {
  add(session: Session): void;
  remove(session: Session): void;
  ofSocket(socketId: string): Session | undefined;
  ofUser(userId: string): ReadonlySet<Session>;
  /** Those of the same client connection: one transport carries a socket for each namespace. */
  sameConnection(session: Session): Session[];
  readonly size: number;
  readonly users: number;
}

const NONE: ReadonlySet<Session> = new Set();

export function createSessions(): Sessions {
  const bySocket = new Map<string, Session>();
  const byUser = new Map<string, Set<Session>>();
  return {
    add(session) {
      bySocket.set(session.socket.id, session);
      const known = byUser.get(session.user.id);
      if (known === undefined) byUser.set(session.user.id, new Set([session]));
      else known.add(session);
    },
    remove(session) {
      bySocket.delete(session.socket.id);
      const known = byUser.get(session.user.id);
      known?.delete(session);
      if (known?.size === 0) byUser.delete(session.user.id);
    },
    ofSocket: (socketId) => bySocket.get(socketId),
    ofUser: (userId) => byUser.get(userId) ?? NONE,
    sameConnection: (session) =>
      [...(byUser.get(session.user.id) ?? NONE)].filter(({ socket }) => socket.conn === session.socket.conn),
    get size() {
      return bySocket.size;
    },
    get users() {
      return byUser.size;
    },
    [Symbol.iterator]: () => bySocket.values(),
  };
}
