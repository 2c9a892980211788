/** One authenticated socket: who it is, what it is in, and when it ends. */
import type { Socket } from 'socket.io';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { TicketMember } from '../tickets/members.ts';

export interface Session {
  readonly socket: Socket;
  readonly namespace: string;
  readonly address: string;
  /** As the directory knows them now. */
  user: UserFacts;
  /** The signed-in session behind the token; undefined for tokens of an outside provider. */
  sessionId: string | undefined;
  /** The tickets that it is in, by dialect and ticket. */
  readonly members: Map<string, TicketMember>;
  /** Aborted when the socket is gone. */
  readonly leaving: AbortSignal;
}

/** The room of all of a user's sockets in a namespace. Clients never name rooms themselves. */
export function userRoom(userId: string): string {
  return `user:${userId}`;
}
