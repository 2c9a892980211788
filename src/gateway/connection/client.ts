/** A client: one authenticated socket, with its user and the streams that it has joined. */
import type { Socket } from 'socket.io';
import type { View } from '../../domain/ticket/public-view.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { validTraceparent } from '../../telemetry/tracing.ts';
import type { DialectClient } from '../dialects/context.ts';
import type { Dialect, Wire } from '../dialects/dialect.ts';
import type { LiveKind, Membership } from '../dialects/joining.ts';

export interface Client extends DialectClient {
  readonly socket: Socket;
  readonly namespace: string;
  user: UserFacts;
  /** The session of the token; undefined for a token of an outside provider. */
  sessionId: string | undefined;
  /** RFC 3339 UTC. */
  readonly connectedAt: string;
  /** The streams that the client has joined, by the names that `memberName` makes. */
  readonly members: Map<string, Member>;
  /** Remembers that the client left a stream after it had received this version, in its numbering. */
  noteLeft(member: string, version: number): void;
  /**
   * True when the client has received this version of a stream or will: it is a member, or it left the stream later.
   */
  hasReceived(member: string, version: number): boolean;
  /** Aborted when the socket is gone. */
  readonly leaving: AbortSignal;
}

/** The membership of a client in one stream, through one dialect. */
export interface Member extends Membership {
  readonly client: Client;
  readonly dialect: Dialect;
  readonly stream: JoinedStream;
  internal: boolean;
  /** The numbering of the versions that the client receives. */
  view: View;
  /** Whether the user is shown to others as present. */
  readonly present: boolean;
  /** False while the client joins again: it is then a member that is in no Socket.IO room. */
  live: boolean;
}

/** A live stream, as far as its members need it. */
export interface JoinedStream {
  readonly kind: LiveKind;
  readonly id: string;
  /** Checks the access of all members, or of one user's. Call it when a user or a reference has changed. */
  checkAccess(userId?: string): void;
  /** Does nothing when the client is not a member. */
  remove(client: Client, dialect: Dialect): void;
}

/** The number of streams for which a client remembers that it left. */
const REMEMBERED = 100;

export function createClient(
  facts: Pick<Client, 'socket' | 'namespace' | 'address' | 'user' | 'sessionId' | 'connectedAt' | 'leaving'>,
): Client {
  const { socket } = facts;
  const members: Client['members'] = new Map();
  const left = new Map<string, number>();
  return {
    ...facts,
    id: socket.id,
    members,
    get traceparent() {
      return traceparentOf(socket);
    },
    send(...wires: readonly Wire[]) {
      for (const { name, payload } of wires) socket.emit(name, payload);
    },
    noteLeft(member, version) {
      left.delete(member);
      left.set(member, version);
      const [oldest] = left.keys();
      if (left.size > REMEMBERED && oldest !== undefined) left.delete(oldest);
    },
    hasReceived: (member, version) => members.has(member) || version <= (left.get(member) ?? 0),
  };
}

/** The trace context of the connection. Browsers cannot set headers, so the handshake's `auth` may have it, too. */
function traceparentOf({ handshake }: Socket): string | undefined {
  return validTraceparent(handshake.auth.traceparent) ?? validTraceparent(handshake.headers.traceparent);
}

/** The Socket.IO room of all of a user's sockets in a namespace. */
export function userRoom(userId: string): string {
  return `user:${userId}`;
}

/** The Socket.IO room of every authenticated socket of a namespace. */
export const EVERYONE = 'everyone';
/** The Socket.IO room of the staff's sockets. */
export const STAFF = 'staff';
