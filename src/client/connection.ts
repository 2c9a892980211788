/**
 * The one socket of a client, and how it reconnects after every end:
 *
 *     offline ──▶ connecting ──▶ replaying ⇄ live
 *        ▲             │             │        │
 *        └─────────────┴─────────────┴────────┘
 *
 * Socket.IO's own reconnection is off: it knows nothing of tokens that expire, or of servers that say when to come
 * back. While the socket is up, the state is `replaying` as long as any follower still catches up.
 */
import type { Socket } from 'socket.io-client';
import { type Backoff, createBackoff, type Pace } from './backoff.ts';
import { createEmitter } from './emitter.ts';
import { asError, DeskwireError, errorFrom } from './errors.ts';
import type { Connection, ConnectionEvents, ConnectionState, Link, LinkEvents, Reply } from './link.ts';
import type { Surroundings } from './surroundings.ts';
import type { Tokens } from './tokens.ts';
import type { Me } from './types.ts';

interface ConnectionDeps {
  readonly url: URL;
  readonly tokens: Tokens;
  readonly surroundings: Surroundings;
  readonly pace: Pace;
  readonly transports: readonly string[];
  readonly withCredentials: boolean;
}

/** Milliseconds until an attempt to connect, or a request, fails for want of an answer. */
const TIMEOUT = 20_000;
/** Milliseconds until polling is tried: proxies exist that accept a websocket and pass nothing on. */
const WEBSOCKET_TIMEOUT = 5_000;
/** Milliseconds between attempts to change from polling to a websocket. */
const UPGRADE_AGAIN = 300_000;
/** Milliseconds after which a connection counts as stable. */
const STABLE_AFTER = 10_000;
/** Milliseconds before the next attempt to renew a token that is still good. */
const RENEW_AGAIN = 10_000;

export function createConnection(deps: ConnectionDeps) {
  const { tokens, surroundings, url } = deps;
  const backoff: Backoff = createBackoff(deps.pace, surroundings);
  const events = createEmitter<ConnectionEvents>();
  const link = createEmitter<LinkEvents>();
  const catchingUpFollowers = new Set<object>();
  let state: ConnectionState = 'offline';
  let error: DeskwireError | undefined;
  let me: Me | undefined;
  let wanted = false;
  /** While the token is requested. */
  let opening = false;
  let socket: Socket | undefined;
  let up = false;
  /** Whether a websocket was swallowed. Then polling comes first, and Engine.IO tries a websocket beside it. */
  let pollingFirst = false;
  /** Counts attempts; callbacks of an earlier attempt are ignored. */
  let attempt = 0;
  let retryAt: number | undefined;
  let cancelTimers: (() => void)[] = [];
  const stopNetworkListener = surroundings.onNetwork(() => {
    if (wanted && retryAt !== undefined) connect();
  });

  function show(): void {
    const now = up
      ? catchingUpFollowers.size > 0
        ? 'replaying'
        : 'live'
      : socket !== undefined || opening
        ? 'connecting'
        : 'offline';
    if (now === state) return;
    state = now;
    events.emit('state', now);
  }

  function connect(): void {
    wanted = true;
    if (up || socket !== undefined || opening) return;
    void open();
  }

  /** Never rejects. */
  async function open(): Promise<void> {
    const number = ++attempt;
    clear();
    opening = true;
    show();
    try {
      const token = await tokens.get();
      if (number !== attempt) return;
      opening = false;
      begin(number, token);
    } catch (failure) {
      if (number !== attempt) return;
      opening = false;
      fail(asError(failure));
    }
  }

  function begin(number: number, token: string): void {
    const opened = surroundings.openSocket(url.origin, {
      path: `${url.pathname.replace(/\/$/, '')}/socket.io/`,
      forceNew: true,
      reconnection: false,
      transports: pollingFirst ? [...deps.transports].reverse() : [...deps.transports],
      withCredentials: deps.withCredentials,
      tryAllTransports: true,
      timeout: TIMEOUT,
      auth: { token },
    });
    socket = opened;
    let refusal: DeskwireError | undefined;
    let retryAfterMs: number | undefined;
    const ended = (reason: DeskwireError) => {
      if (number !== attempt) return;
      if (refusal?.code === 'unauthorized' || refusal?.code === 'token_expired') tokens.refused(token);
      fail(refusal ?? reason, retryAfterMs);
    };
    cancelTimers.push(surroundings.after(TIMEOUT, () => ended(unreachable('The server did not answer in time'))));
    if (deps.transports[0] === 'websocket' && deps.transports.includes('polling'))
      watchWebsocket(number, opened, token);
    opened.on('connect_error', (failure) => ended(unreachable(failure.message)));
    opened.on('disconnect', (reason) => ended(unreachable(`The connection ended: ${reason}`)));
    opened.onAny((name: string, payload) => {
      if (number !== attempt) return;
      if (name === 'connected' && !up) welcome(payload);
      if (name === 'error' && payload?.event === undefined) refusal = errorFrom(payload ?? {});
      if (name === 'server:draining') retryAfterMs = Number(payload?.retryAfter) * 1_000 || 0;
      link.emit('event', { name, payload });
    });
  }

  function watchWebsocket(number: number, { io }: Socket, token: string): void {
    const cancel = surroundings.after(WEBSOCKET_TIMEOUT, () => {
      if (number !== attempt || pollingFirst) return;
      pollingFirst = true;
      drop();
      begin(attempt, token);
    });
    cancelTimers.push(cancel);
    io.on('open', () => {
      cancel();
      const { engine } = io;
      pollingFirst = engine.transport.name === 'polling';
      if (!pollingFirst) return;
      let cancelAgain = () => {};
      const again = () => {
        cancelAgain = surroundings.after(UPGRADE_AGAIN, () => {
          (engine as unknown as { _probe(name: string): void })._probe('websocket');
          again();
        });
      };
      again();
      engine.on('upgrade', () => {
        pollingFirst = false;
        cancelAgain();
      });
      engine.on('close', () => cancelAgain());
    });
  }

  function welcome({ userId, name, role }: { userId: unknown; name: string; role: Me['role'] }): void {
    clear();
    me = { id: String(userId), name, role };
    up = true;
    error = undefined;
    // A connection that is cut off again and again as soon as it is up keeps its long waits.
    cancelTimers.push(surroundings.after(STABLE_AFTER, backoff.reset));
    scheduleRenewal();
    link.emit('up', undefined);
    show();
  }

  /** Renews the token before it expires, since the server closes a socket whose token has expired. */
  function scheduleRenewal(): void {
    const { renewAt } = tokens;
    if (renewAt === undefined || !tokens.renewable) return;
    const number = attempt;
    cancelTimers.push(
      surroundings.after(Math.min(Math.max(renewAt - surroundings.now(), 0), 2 ** 31 - 1), () => {
        tokens.get().then(
          (token) => number === attempt && request('auth:refresh', { token }, renewed),
          (failure) => number === attempt && renewed({ ok: false, error: asError(failure) }),
        );
      }),
    );
    function renewed(reply: Reply): void {
      if (number !== attempt) return;
      if (reply.ok) scheduleRenewal();
      else cancelTimers.push(surroundings.after(RENEW_AGAIN, scheduleRenewal));
    }
  }

  /** Discards the socket, and schedules the next attempt unless it cannot succeed. */
  function fail(reason: DeskwireError, retryAfterMs?: number): void {
    // First, since followers show the state as soon as the socket is gone.
    error = reason;
    drop();
    const isFinal = reason.code === 'another_user' || (!tokens.renewable && reason.code === 'no_token');
    if (wanted && !isFinal) {
      // A server that shuts down assigns each client a second; within that second the clients spread themselves.
      const spread = surroundings.random() * 1_000;
      const wait = retryAfterMs === undefined ? backoff.next((reason.retryAfter ?? 0) * 1_000) : retryAfterMs + spread;
      retryAt = surroundings.now() + wait;
      cancelTimers.push(surroundings.after(wait, () => void open()));
    }
    show();
    events.emit('error', reason);
  }

  function clear(): void {
    for (const one of cancelTimers) one();
    cancelTimers = [];
    retryAt = undefined;
  }

  /** Discards the socket. Requests without an answer fail, since `request` listens to `down`. */
  function drop(): void {
    const closed = socket;
    const wasUp = up;
    attempt += 1;
    clear();
    socket = undefined;
    up = false;
    closed?.offAny();
    closed?.off();
    closed?.disconnect();
    if (wasUp) link.emit('down', undefined);
  }

  function request(name: string, payload: object, then: (reply: Reply) => void): void {
    const target = socket;
    if (!up || target === undefined) {
      then({ ok: false, error: unreachable('There is no connection') });
      return;
    }
    let answered = false;
    const answer = (reply: Reply) => {
      if (answered) return;
      answered = true;
      stopListening();
      cancelTimeout();
      then(reply);
    };
    const stopListening = link.on('down', () => answer({ ok: false, error: unreachable('The connection ended') }));
    const cancelTimeout = surroundings.after(TIMEOUT, () =>
      answer({ ok: false, error: unreachable('The server did not answer in time') }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: each request has an answer of its own
    target.emit(name, payload, (ack: any) => {
      answer(ack?.success === true ? { ok: true, answer: ack } : { ok: false, error: errorFrom(ack?.error ?? {}) });
    });
  }

  const connection: Connection = {
    on: events.on,
    get state() {
      return state;
    },
    get error() {
      return error;
    },
    get retryAt() {
      return retryAt;
    },
    get me() {
      return me;
    },
    connect,
    disconnect() {
      wanted = false;
      opening = false;
      drop();
      show();
    },
  };
  const inner: Link = {
    on: link.on,
    get up() {
      return up;
    },
    request,
    send(name, payload) {
      if (up) socket?.emit(name, payload, () => undefined);
    },
    catchingUp(follower, yes) {
      if (yes) catchingUpFollowers.add(follower);
      else catchingUpFollowers.delete(follower);
      show();
    },
  };
  return {
    connection,
    link: inner,
    close() {
      stopNetworkListener();
      connection.disconnect();
      events.clear();
      link.clear();
    },
  };
}

function unreachable(message: string): DeskwireError {
  return new DeskwireError('unreachable', message);
}
