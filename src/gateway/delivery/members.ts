/** Who of this process is in one stream: by dialect and socket. */
import type { Session } from '../connection/client.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { LiveStream } from './live-stream.ts';

export interface Member {
  readonly session: Session;
  readonly dialect: Dialect;
  readonly stream: LiveStream;
  internal: boolean;
  /** Whether it counts as being there: one may also look on. */
  readonly present: boolean;
  /** False while it joins again: a member, but in no room. */
  live: boolean;
}

export interface Members extends Iterable<Member> {
  get(session: Session, dialect: Dialect): Member | undefined;
  add(member: Member): void;
  remove(member: Member): void;
  readonly dialects: Iterable<Dialect>;
}

export function createMembers(): Members {
  const byDialect = new Map<Dialect, Map<string, Member>>();
  return {
    get: (session, dialect) => byDialect.get(dialect)?.get(session.socket.id),
    add(member) {
      const bySocket = byDialect.get(member.dialect) ?? new Map<string, Member>();
      byDialect.set(member.dialect, bySocket);
      bySocket.set(member.session.socket.id, member);
    },
    remove({ session, dialect }) {
      const bySocket = byDialect.get(dialect);
      bySocket?.delete(session.socket.id);
      if (bySocket?.size === 0) byDialect.delete(dialect);
    },
    get dialects() {
      return byDialect.keys();
    },
    *[Symbol.iterator]() {
      for (const bySocket of byDialect.values()) yield* bySocket.values();
    },
  };
}
