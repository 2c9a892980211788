/** Who of this process is in one stream: by dialect and socket, and how many sockets each user is present with. */
import type { Session } from '../connection/session.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { LiveStream } from './live-stream.ts';

export interface Member {
  readonly session: Session;
  readonly dialect: Dialect;
  readonly stream: LiveStream;
  internal: boolean;
  /** Whether others are shown that its user is there. */
  readonly present: boolean;
  /** False while it joins again: a member, but in no room. */
  live: boolean;
}

export interface Members extends Iterable<Member> {
  get(session: Session, dialect: Dialect): Member | undefined;
  /** True when its user is present from now on: they are with their first socket, whatever its dialect. */
  add(member: Member): boolean;
  /** True when its user was present and no longer is. */
  remove(member: Member): boolean;
  readonly dialects: Iterable<Dialect>;
}

export function createMembers(): Members {
  const byDialect = new Map<Dialect, Map<string, Member>>();
  const presentSockets = new Map<string, number>();
  return {
    get: (session, dialect) => byDialect.get(dialect)?.get(session.socket.id),
    add(member) {
      const bySocket = byDialect.get(member.dialect) ?? new Map<string, Member>();
      byDialect.set(member.dialect, bySocket);
      bySocket.set(member.session.socket.id, member);
      if (!member.present) return false;
      const userId = member.session.user.id;
      const sockets = (presentSockets.get(userId) ?? 0) + 1;
      presentSockets.set(userId, sockets);
      return sockets === 1;
    },
    remove({ session, dialect, present }) {
      const bySocket = byDialect.get(dialect);
      if (bySocket === undefined || !bySocket.delete(session.socket.id)) return false;
      if (bySocket.size === 0) byDialect.delete(dialect);
      if (!present) return false;
      const sockets = (presentSockets.get(session.user.id) ?? 1) - 1;
      if (sockets === 0) presentSockets.delete(session.user.id);
      else presentSockets.set(session.user.id, sockets);
      return sockets === 0;
    },
    get dialects() {
      return byDialect.keys();
    },
    *[Symbol.iterator]() {
      for (const bySocket of byDialect.values()) yield* bySocket.values();
    },
  };
}
