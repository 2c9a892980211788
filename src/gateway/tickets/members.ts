/** Who of this process is in one ticket: by dialect and socket, and how many sockets of each user. */
import type { Session } from '../connection/session.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { TicketFeed } from './ticket-feed.ts';

export interface TicketMember {
  readonly session: Session;
  readonly dialect: Dialect;
  readonly feed: TicketFeed;
  internal: boolean;
  /** False while it joins again: a member, but in no room. */
  live: boolean;
}

export interface Members extends Iterable<TicketMember> {
  get(session: Session, dialect: Dialect): TicketMember | undefined;
  /** True when it is the first socket of its user in this dialect. */
  add(member: TicketMember): boolean;
  /** True when it was the last socket of its user in this dialect. */
  remove(member: TicketMember): boolean;
  readonly dialects: Iterable<Dialect>;
}

interface Group {
  readonly bySocket: Map<string, TicketMember>;
  readonly socketsOf: Map<string, number>;
}

export function createMembers(): Members {
  const groups = new Map<Dialect, Group>();
  return {
    get: (session, dialect) => groups.get(dialect)?.bySocket.get(session.socket.id),
    add(member) {
      const group = groups.get(member.dialect) ?? { bySocket: new Map(), socketsOf: new Map() };
      groups.set(member.dialect, group);
      group.bySocket.set(member.session.socket.id, member);
      const userId = member.session.user.id;
      const sockets = (group.socketsOf.get(userId) ?? 0) + 1;
      group.socketsOf.set(userId, sockets);
      return sockets === 1;
    },
    remove(member) {
      const group = groups.get(member.dialect);
      if (group === undefined || !group.bySocket.delete(member.session.socket.id)) return false;
      if (group.bySocket.size === 0) groups.delete(member.dialect);
      const userId = member.session.user.id;
      const sockets = (group.socketsOf.get(userId) ?? 1) - 1;
      if (sockets === 0) group.socketsOf.delete(userId);
      else group.socketsOf.set(userId, sockets);
      return sockets === 0;
    },
    get dialects() {
      return groups.keys();
    },
    *[Symbol.iterator]() {
      for (const { bySocket } of groups.values()) yield* bySocket.values();
    },
  };
}
