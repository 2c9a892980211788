/**
 * From a handshake to a session, and to its end. A socket that is not authenticated is told so and nothing else, ever.
 * One that is stays for as long as its token is valid, its signed-in session lives, and its user is active; each of
 * these ends it at once, wherever it was ended.
 */
import { isDeepStrictEqual } from 'node:util';
import proxyAddr from '@fastify/proxy-addr';
import type { Logger } from 'pino';
import type { Namespace, Socket } from 'socket.io';
import type { Authenticate, Authenticated } from '../../auth/authenticator.ts';
import type { Directory } from '../../directory/directory.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { createSession, type Session, userRoom } from './client.ts';
import type { Sessions } from './clients.ts';
import { wireError } from './errors.ts';

export interface Connections {
  /** Takes every socket of this namespace from now on. */
  serve(namespace: Namespace): void;
  /** Replaces the token of a session, and of the others of the same connection. Rejects with `forbidden` for another user's. */
  refresh(session: Session, token: string): Promise<void>;
  /** Looks the user up again and lets every session of theirs have the consequences. Never rejects. */
  userChanged(userId: string): Promise<void>;
  /** The same for every user with sessions. */
  review(): void;
  sessionRevoked(sessionId: string): void;
}

interface Parts {
  readonly authenticate: Authenticate;
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly socketsPerUser: number;
  /** Whether a proxy with this address is believed about the client's. */
  readonly trusted: (address: string, hop: number) => boolean;
  readonly now: () => number;
  readonly log: Logger;
  /** Resolves when what a user is to hear from the moment that a socket of theirs opens is listened to. Never rejects. */
  prepare(user: UserFacts): Promise<void>;
  onOpened(session: Session, handshake: Handshake): void;
  onClosed(session: Session): void;
  onUserChanged(user: UserFacts): void;
  onError(error: unknown): void;
  /** Why we ended a socket's connection, when that is for a reason of ours that Socket.IO has no word for. */
  endReason(socket: Socket): string | undefined;
  /** A socket was not let in for its token. */
  onRefused(reason: string): void;
}

/** What clients may say of themselves when they connect. */
export interface Handshake {
  readonly lastSeq: number | undefined;
}

/** The longest that a timer can wait. */
const MAX_TIMER = 2 ** 31 - 1;

export function createConnections(parts: Parts): Connections {
  const { authenticate, directory, sessions, log, now } = parts;
  const admitted = new WeakMap<Socket, { token: string; found: Authenticated } | { error: unknown }>();
  const expiries = new WeakMap<Session, NodeJS.Timeout>();

  async function admit(socket: Socket): Promise<void> {
    try {
      const token = tokenOf(socket);
      if (token === undefined) throw new DeskwireError('unauthorized', 'Authentication required');
      const { user } = await authenticate(token);
      await parts.prepare(user);
      // Again: they may have become somebody else, or nobody, meanwhile.
      admitted.set(socket, { token, found: await authenticate(token) });
    } catch (error) {
      admitted.set(socket, { error });
    }
  }

  function connected(socket: Socket): void {
    const admission = admitted.get(socket);
    admitted.delete(socket);
    try {
      if (admission === undefined) throw new DeskwireError('unauthorized', 'Authentication required');
      if ('error' in admission) throw admission.error;
      open(socket, stillValid(admission));
    } catch (error) {
      turnAway(socket, error);
    }
  }

  /** Asked again, now that nothing can come between the answer and the session: it may have been revoked meanwhile. */
  function stillValid({ token, found }: { token: string; found: Authenticated }): Authenticated {
    const again = authenticate(token);
    return again instanceof Promise ? found : again;
  }

  function open(socket: Socket, { user, expiresAt, sessionId }: Authenticated): void {
    if (sessions.ofUser(user.id).size >= parts.socketsPerUser) {
      throw new DeskwireError('rate_limited', 'Too many connections', { retryAfter: 10 });
    }
    const leaving = new AbortController();
    const { auth } = socket.handshake;
    const address = addressOf(socket, parts.trusted);
    const namespace = socket.nsp.name;
    const openedAt = now();
    const connectedAt = new Date(openedAt).toISOString();
    const session = createSession({
      ...{ socket, namespace, address, user, sessionId, connectedAt },
      leaving: leaving.signal,
    });
    sessions.add(session);
    expireAt(session, expiresAt);
    void socket.join(userRoom(user.id));
    socket.on('disconnect', (told) => {
      const reason = parts.endReason(socket) ?? told;
      clearTimeout(expiries.get(session));
      leaving.abort();
      parts.onClosed(session);
      sessions.remove(session);
      const seconds = Math.round((now() - openedAt) / 1_000);
      log.info({ socket: socket.id, user: user.id, namespace, reason, seconds }, 'socket disconnected');
    });
    const transport = socket.conn.transport.name;
    log.info({ socket: socket.id, user: user.id, role: user.role, namespace, transport, address }, 'socket connected');
    parts.onOpened(session, { lastSeq: lastSeqOf(auth) });
  }

  function turnAway(socket: Socket, error: unknown): void {
    const told = wireError(error);
    if (told.type === 'unauthorized' || told.type === 'token_expired') parts.onRefused(told.type);
    if (error instanceof DeskwireError) {
      log.info({ socket: socket.id, namespace: socket.nsp.name, error: told.type }, 'socket turned away');
    } else {
      log.error({ socket: socket.id, namespace: socket.nsp.name, err: error }, 'socket authentication failed');
    }
    dismiss(socket, error);
  }

  function dismiss(socket: Socket, error: unknown): void {
    const { type, message, retryAfter } = wireError(error);
    // Whatever was wrong with the token, its bearer learns no more than that.
    const told = type === 'unauthorized' ? 'Authentication required' : message;
    socket.emit('error', { type, message: told, ...(retryAfter !== undefined && { retryAfter }) });
    socket.disconnect(true);
  }

  function expireAt(session: Session, expiresAt: number): void {
    clearTimeout(expiries.get(session));
    const left = expiresAt - now();
    const timer = setTimeout(
      () => {
        if (left > MAX_TIMER) expireAt(session, expiresAt);
        else dismiss(session.socket, new DeskwireError('token_expired', 'Token expired'));
      },
      Math.min(Math.max(left, 0), MAX_TIMER),
    );
    expiries.set(session, timer.unref());
  }

  async function userChanged(userId: string): Promise<void> {
    if (sessions.ofUser(userId).size === 0) return;
    try {
      const found = directory.user(userId);
      // Known at once in nearly every case: whoever loses something then loses it before anything else is sent.
      const user = found instanceof Promise ? await found : found;
      if (user?.active) become(user);
      else endAll(userId, user);
    } catch (error) {
      parts.onError(error);
    }
  }

  function become(user: UserFacts): void {
    const [before] = sessions.ofUser(user.id);
    if (before === undefined || isDeepStrictEqual(before.user, user)) return;
    for (const session of sessions.ofUser(user.id)) session.user = user;
    parts.onUserChanged(user);
  }

  function endAll(userId: string, user: UserFacts | undefined): void {
    for (const session of [...sessions.ofUser(userId)]) {
      // A request of theirs that is still waiting is then decided by who they are now.
      session.user = user ?? { ...session.user, active: false };
      dismiss(session.socket, new DeskwireError('unauthorized', 'This account is deactivated'));
    }
  }

  return {
    serve(namespace) {
      namespace.use((socket, next) => void admit(socket).then(() => next()));
      namespace.on('connection', connected);
    },
    async refresh(session, token) {
      const { user, expiresAt, sessionId } = await authenticate(token);
      if (user.id !== session.user.id) {
        throw new DeskwireError('forbidden', 'This token is of another user', { field: 'token' });
      }
      for (const one of sessions.sameConnection(session)) {
        one.sessionId = sessionId;
        expireAt(one, expiresAt);
      }
    },
    userChanged,
    review() {
      for (const userId of new Set([...sessions].map(({ user }) => user.id))) void userChanged(userId);
    },
    sessionRevoked(sessionId) {
      for (const session of [...sessions]) {
        if (session.sessionId !== sessionId) continue;
        dismiss(session.socket, new DeskwireError('unauthorized', 'Signed out'));
      }
    },
  };
}

/** From the handshake's `auth`, else from the header. */
function tokenOf({ handshake }: Socket): string | undefined {
  const { token } = handshake.auth as { token?: unknown };
  if (typeof token === 'string' && token !== '') return token.replace(/^Bearer /i, '');
  const [, bearer] = /^Bearer (.+)$/i.exec(handshake.headers.authorization ?? '') ?? [];
  return bearer;
}

/** Anything that cannot be a seq counts as none: the client then starts from now. */
function lastSeqOf(auth: Readonly<Record<string, unknown>>): number | undefined {
  const { lastSeq } = auth;
  return typeof lastSeq === 'number' && Number.isSafeInteger(lastSeq) && lastSeq >= 0 ? lastSeq : undefined;
}

/** None can be told for a connection that has ended meanwhile. */
function addressOf(socket: Socket, trusted: (address: string, hop: number) => boolean): string {
  return proxyAddr(socket.request, trusted) ?? socket.handshake.address;
}
