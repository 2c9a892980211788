/** The members of one stream in this process, by dialect and socket. */
import type { Client, Member } from '../connection/client.ts';
import type { Dialect } from '../dialects/dialect.ts';

export interface StreamMembers extends Iterable<Member> {
  get(client: Client, dialect: Dialect): Member | undefined;
  add(member: Member): void;
  remove(member: Member): void;
  readonly dialects: Iterable<Dialect>;
}

export function createStreamMembers(): StreamMembers {
  const byDialect = new Map<Dialect, Map<string, Member>>();
  return {
    get: (client, dialect) => byDialect.get(dialect)?.get(client.id),
    add(member) {
      const bySocket = byDialect.get(member.dialect) ?? new Map<string, Member>();
      byDialect.set(member.dialect, bySocket);
      bySocket.set(member.client.id, member);
    },
    remove({ client, dialect }) {
      const bySocket = byDialect.get(dialect);
      bySocket?.delete(client.id);
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
