/** One authenticated socket: who it is, what it is in, and when it ends. */
import type { Socket } from 'socket.io';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Member } from '../delivery/members.ts';

export interface Session {
  readonly socket: Socket;
  readonly namespace: string;
  readonly address: string;
  /** As the directory knows them now. */
  user: UserFacts;
  /** The signed-in session behind the token; undefined for tokens of an outside provider. */
  sessionId: string | undefined;
  /** RFC 3339 UTC. */
  readonly connectedAt: string;
  /** The streams that it is in, by dialect and stream. */
  readonly members: Map<string, Member>;
  /** Remembers that it left a stream after it had heard this version. */
  noteLeft(member: string, version: number): void;
  /** Whether it has heard a version of a stream, or will: it is in it, or left it later. */
  hasHeard(member: string, version: number): boolean;
  /** Aborted when the socket is gone. */
  readonly leaving: AbortSignal;
}

/** How many streams that a socket left are remembered. */
const REMEMBERED = 100;

export function createSession(
  facts: Pick<Session, 'socket' | 'namespace' | 'address' | 'user' | 'sessionId' | 'connectedAt' | 'leaving'>,
): Session {
  const members: Session['members'] = new Map();
  const left = new Map<string, number>();
  return {
    ...facts,
    members,
    noteLeft(member, version) {
      left.delete(member);
      left.set(member, version);
      const [oldest] = left.keys();
      if (left.size > REMEMBERED && oldest !== undefined) left.delete(oldest);
    },
    hasHeard: (member, version) => members.has(member) || version <= (left.get(member) ?? 0),
  };
}

/** The room of all of a user's sockets in a namespace. Clients never name rooms themselves. */
export function userRoom(userId: string): string {
  return `user:${userId}`;
}

/** The room of every authenticated socket of a namespace. */
export const EVERYONE = 'everyone';
/** Of the staff's. */
export const STAFF = 'staff';
