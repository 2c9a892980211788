/**
 * The life of a client, from the handshake to the end. A socket that is not authenticated receives an error and nothing
 * else. A client stays connected while its token is valid, its session has not ended and its user is active. When one
 * of these ends, on any node, the client is ended at once.
 *
 * A client is one namespace of a connection. Its end leaves the other namespaces of the connection open, and it can
 * connect again over the same connection.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Namespace, Socket } from 'socket.io';
import type { Authenticate, Authenticated } from '../../auth/authenticator.ts';
import type { Validator } from '../../contract/validation.ts';
import type { Directory } from '../../directory/directory.ts';
import { DeskwireError } from '../../domain/errors.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import type { Origins } from '../../support/origins.ts';
import type { Handshake } from '../dialects/catalog.ts';
import { addressOf, type Trusted } from './address.ts';
import { type Client, createClient, userRoom } from './client.ts';
import type { Clients } from './clients.ts';
import { unreadError, wireError } from './errors.ts';
import { UnreadPayload } from './packet-parser.ts';
import { decoderOf } from './transports.ts';
import type { Unauthenticated } from './unauthenticated.ts';

export interface Connections {
  /** Handles every socket of this namespace from now on. */
  serve(namespace: Namespace): void;
  /** Replaces the token of the client's connection. Rejects with `forbidden` for a token of another user. */
  refresh(client: Client, token: string): Promise<void>;
  /** Looks the user up again, and updates or ends all of the user's clients. Never rejects. */
  userChanged(userId: string): Promise<void>;
  /** Calls `userChanged` for every user with clients, and ends the clients whose token is no longer valid. */
  review(): void;
  /** Ends the clients of a session. */
  sessionRevoked(sessionId: string): void;
  /** Sends the client the error, then ends it. */
  end(client: Client, error: unknown): void;
  /** Sends the error to every client of this one's connection, then closes the connection. */
  endConnection(client: Client, error: unknown): void;
}

interface ConnectionsDeps {
  readonly authenticate: Authenticate;
  readonly directory: Directory;
  readonly clients: Clients;
  /** Reads the handshake of a namespace; it throws `invalid_payload` for a wrong field. */
  handshakeOf(namespace: string): Validator<Handshake> | undefined;
  readonly socketsPerUser: number;
  readonly origins: Origins;
  /** Called for each socket of a page that may not connect. */
  onOriginRefused(origin: string): void;
  readonly trusted: Trusted;
  readonly unauthenticated: Pick<Unauthenticated, 'attempted' | 'opened' | 'ended'>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
  /** Resolves when this process receives the events of the user's inbox, or cannot. Never rejects. */
  prepare(user: UserFacts): Promise<void>;
  onOpened(client: Client, handshake: Handshake): void;
  onClosed(client: Client): void;
  onUserChanged(user: UserFacts): void;
  onError(error: unknown): void;
  /** The gateway's own reason for the end of a connection; undefined when Socket.IO's description is right. */
  endReason(socket: Socket): string | undefined;
  /** Called when a socket is refused because of its token. */
  onRefused(reason: string): void;
}

/** The longest delay of a timer in Node.js, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

export function createConnections(deps: ConnectionsDeps): Connections {
  const { authenticate, directory, clients, log, now } = deps;
  const admitted = new WeakMap<Socket, { token: string; found: Authenticated } | { error: unknown }>();
  const expiries = new WeakMap<Client, NodeJS.Timeout>();
  const tokens = new WeakMap<Client, string>();
  let reviewing = false;

  /** Browsers let any page open a websocket, so the server refuses those that may not call. Throws `forbidden`. */
  function checkOrigin({ handshake: { headers }, request }: Socket): void {
    const { origin, host } = headers;
    const fromProxy = deps.trusted(request.socket.remoteAddress ?? '', 0);
    const forwardedHost = fromProxy ? String(headers['x-forwarded-host'] ?? '') : undefined;
    if (deps.origins.allows({ origin, host, forwardedHost, site: String(headers['sec-fetch-site']) })) return;
    deps.onOriginRefused(String(origin));
    const advice = 'Pages of this origin may not connect: the server must name it in CORS_ORIGINS';
    throw new DeskwireError('forbidden', advice, { field: 'Origin' });
  }

  async function admit(socket: Socket): Promise<void> {
    deps.unauthenticated.attempted(socket.conn);
    try {
      checkOrigin(socket);
      const auth: unknown = socket.handshake.auth;
      if (auth instanceof UnreadPayload) throw unreadError('auth', 'auth', auth);
      const token = tokenOf(socket);
      if (token === undefined) throw new DeskwireError('unauthorized', 'Authentication required');
      const { user } = await authenticate(token);
      await deps.prepare(user);
      // A second time, because the user may have changed or been deactivated meanwhile.
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
      open(socket, admission.token, authenticateAgain(admission));
    } catch (error) {
      refuse(socket, error);
    }
  }

  /** Authenticates again in the tick in which the client opens: the session may have been revoked meanwhile. */
  function authenticateAgain({ token, found }: { token: string; found: Authenticated }): Authenticated {
    const again = authenticate(token);
    return again instanceof Promise ? found : again;
  }

  function open(socket: Socket, token: string, { user, expiresAt, sessionId }: Authenticated): void {
    if (clients.ofUser(user.id).size >= deps.socketsPerUser) {
      throw new DeskwireError('rate_limited', 'Too many connections', { retryAfter: 10 });
    }
    const handshake = deps.handshakeOf(socket.nsp.name)?.(socket.handshake.auth) ?? {};
    const leaving = new AbortController();
    // When the connection has ended meanwhile, the address is the one from the handshake.
    const address = addressOf(socket.request, deps.trusted) ?? socket.handshake.address;
    const namespace = socket.nsp.name;
    const openedAt = now();
    const connectedAt = new Date(openedAt).toISOString();
    const client = createClient({
      socket,
      namespace,
      address,
      user,
      sessionId,
      connectedAt,
      leaving: leaving.signal,
    });
    clients.add(client);
    tokens.set(client, token);
    deps.unauthenticated.opened(socket.conn);
    expireAt(client, expiresAt);
    void socket.join(userRoom(user.id));
    socket.on('disconnect', (description) => {
      const reason = deps.endReason(socket) ?? description;
      clearTimeout(expiries.get(client));
      leaving.abort();
      deps.onClosed(client);
      clients.remove(client);
      deps.unauthenticated.ended(socket.conn);
      const seconds = Math.round((now() - openedAt) / 1_000);
      log.info({ socket: socket.id, user: user.id, namespace, reason, seconds }, 'socket disconnected');
    });
    const transport = socket.conn.transport.name;
    log.info({ socket: socket.id, user: user.id, role: user.role, namespace, transport, address }, 'socket connected');
    deps.onOpened(client, handshake);
  }

  function refuse(socket: Socket, error: unknown): void {
    const refusal = wireError(error);
    if (refusal.type === 'unauthorized' || refusal.type === 'token_expired') deps.onRefused(refusal.type);
    if (error instanceof DeskwireError) {
      log.info({ socket: socket.id, namespace: socket.nsp.name, error: refusal.type }, 'socket refused');
    } else {
      log.error({ socket: socket.id, namespace: socket.nsp.name, err: error }, 'socket authentication failed');
    }
    endWithError(socket, error);
  }

  /** Sends the error, then ends this namespace of the connection. */
  function endWithError(socket: Socket, error: unknown): void {
    const refusal = wireError(error);
    // The client does not learn why its token was refused.
    const { type } = refusal;
    socket.emit('error', type === 'unauthorized' ? { type, message: 'Authentication required' } : refusal);
    decoderOf(socket).ended(socket.nsp.name);
    socket.disconnect();
  }

  /** Ends the client at `expiresAt`, Unix time in milliseconds. Replaces the earlier time. */
  function expireAt(client: Client, expiresAt: number): void {
    clearTimeout(expiries.get(client));
    const left = expiresAt - now();
    const timer = setTimeout(
      () => {
        if (left > MAX_TIMER) expireAt(client, expiresAt);
        else endWithError(client.socket, new DeskwireError('token_expired', 'Token expired'));
      },
      Math.min(Math.max(left, 0), MAX_TIMER),
    );
    expiries.set(client, timer.unref());
  }

  /** One after the other: verifying a token takes long, and all of them may be due. Never rejects. */
  async function reviewTokens(): Promise<void> {
    if (reviewing) return;
    reviewing = true;
    for (const client of [...clients]) await reviewToken(client, tokens.get(client) ?? '');
    reviewing = false;
  }

  async function reviewToken(client: Client, token: string): Promise<void> {
    try {
      const found = authenticate(token);
      if (found instanceof Promise) await found;
    } catch (error) {
      if (!(error instanceof DeskwireError)) return deps.onError(error);
      // An outage of the provider or the database ends nobody.
      if (error.code === 'unavailable' || client.leaving.aborted || tokens.get(client) !== token) return;
      endWithError(client.socket, error);
    }
  }

  async function userChanged(userId: string): Promise<void> {
    if (clients.ofUser(userId).size === 0) return;
    try {
      const found = directory.user(userId);
      // The directory nearly always has the user at hand. Then a user loses access before anything else is sent.
      const user = found instanceof Promise ? await found : found;
      if (user?.active) updateClientsOf(user);
      else endClientsOf(userId, user);
    } catch (error) {
      deps.onError(error);
    }
  }

  function updateClientsOf(user: UserFacts): void {
    const [before] = clients.ofUser(user.id);
    if (before === undefined || isDeepStrictEqual(before.user, user)) return;
    for (const client of clients.ofUser(user.id)) client.user = user;
    deps.onUserChanged(user);
  }

  function endClientsOf(userId: string, user: UserFacts | undefined): void {
    for (const client of [...clients.ofUser(userId)]) {
      // Requests that still wait are decided with the user's present state.
      client.user = user ?? { ...client.user, active: false };
      endWithError(client.socket, new DeskwireError('unauthorized', 'This account is deactivated'));
    }
  }

  return {
    serve(namespace) {
      namespace.use((socket, next) => void admit(socket).then(() => next()));
      namespace.on('connection', connected);
    },
    async refresh(client, token) {
      const { user, expiresAt, sessionId } = await authenticate(token);
      if (user.id !== client.user.id) {
        throw new DeskwireError('forbidden', 'This token is of another user', { field: 'token' });
      }
      for (const one of clients.sameConnection(client)) {
        one.sessionId = sessionId;
        tokens.set(one, token);
        expireAt(one, expiresAt);
      }
    },
    userChanged,
    end: ({ socket }, error) => endWithError(socket, error),
    endConnection(client, error) {
      for (const { socket } of clients.sameConnection(client)) endWithError(socket, error);
      client.socket.disconnect(true);
    },
    review() {
      for (const userId of new Set([...clients].map(({ user }) => user.id))) void userChanged(userId);
      void reviewTokens();
    },
    sessionRevoked(sessionId) {
      for (const client of [...clients]) {
        if (client.sessionId !== sessionId) continue;
        endWithError(client.socket, new DeskwireError('unauthorized', 'Signed out'));
      }
    },
  };
}

/** The token from the handshake's `auth`, otherwise from the `Authorization` header. */
function tokenOf({ handshake }: Socket): string | undefined {
  const { token } = handshake.auth as { token?: unknown };
  if (typeof token === 'string' && token !== '') return token.replace(/^Bearer /i, '');
  const [, bearer] = /^Bearer (.+)$/i.exec(handshake.headers.authorization ?? '') ?? [];
  return bearer;
}
