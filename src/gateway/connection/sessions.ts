/** Every session of this process, found by user, connection or signed-in session. */
import type { Session } from './session.ts';

export interface Sessions extends Iterable<Session> {
  add(session: Session): void;
  remove(session: Session): void;
  ofUser(userId: string): ReadonlySet<Session>;
  /** Those of the same client connection: one transport carries a socket for each namespace. */
  sameConnection(session: Session): Session[];
}

const NONE: ReadonlySet<Session> = new Set();

export function createSessions(): Sessions {
  const byUser = new Map<string, Set<Session>>();
  return {
    add(session) {
      const known = byUser.get(session.user.id);
      if (known === undefined) byUser.set(session.user.id, new Set([session]));
      else known.add(session);
    },
    remove(session) {
      const known = byUser.get(session.user.id);
      known?.delete(session);
      if (known?.size === 0) byUser.delete(session.user.id);
    },
    ofUser: (userId) => byUser.get(userId) ?? NONE,
    sameConnection: (session) =>
      [...(byUser.get(session.user.id) ?? NONE)].filter(({ socket }) => socket.conn === session.socket.conn),
    *[Symbol.iterator]() {
      for (const sessions of byUser.values()) yield* sessions;
    },
  };
}
