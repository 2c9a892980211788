/**
 * The one socket, and its way back after any end of it:
 *
 *     offline ──▶ connecting ──▶ replaying ⇄ live
 *        ▲             │             │        │
 *        └─────────────┴─────────────┴────────┘
 *
 * Socket.IO's own reconnection is off: it knows neither of tokens that expire nor of servers that say when to come back.
 * While up, it is `replaying` for as long as any of those who follow a stream still catches up.
 */
import type { Socket } from 'socket.io-client';
import { type Backoff, createBackoff, type Pace } from './backoff.ts';
import { createEmitter } from './emitter.ts';
import { asError, DeskwireError, errorFrom } from './errors.ts';
import type { Connection, ConnectionEvents, ConnectionState, Link, LinkEvents, Reply } from './link.ts';
import type { Surroundings } from './surroundings.ts';
import type { Tokens } from './tokens.ts';
import type { Me } from './types.ts';

interface Parts {
  readonly url: URL;
  readonly tokens: Tokens;
  readonly surroundings: Surroundings;
  readonly pace: Pace;
  readonly transports: readonly string[];
}

/** Milliseconds for a connection to be up, and for an answer. */
const PATIENCE = 20_000;
/** Milliseconds after which a connection counts as one that holds. */
const STABLE = 10_000;
/** Milliseconds before the next attempt to renew a token that is still good. */
const RENEW_AGAIN = 10_000;

export function createConnection(parts: Parts) {
  const { tokens, surroundings, url } = parts;
  const backoff: Backoff = createBackoff(parts.pace, surroundings);
  const heard = createEmitter<ConnectionEvents>();
  const link = createEmitter<LinkEvents>();
  const behind = new Set<object>();
  let state: ConnectionState = 'offline';
  let error: DeskwireError | undefined;
  let me: Me | undefined;
  let wanted = false;
  /** Waiting for a token. */
  let opening = false;
  let socket: Socket | undefined;
  let up = false;
  /** Counts attempts: what an earlier one still says is of no interest. */
  let attempt = 0;
  let retryAt: number | undefined;
  let callOff: (() => void)[] = [];
  const ignoreNetwork = surroundings.onNetwork(() => {
    if (wanted && retryAt !== undefined) connect();
  });

  function show(): void {
    const now = up
      ? behind.size > 0
        ? 'replaying'
        : 'live'
      : socket !== undefined || opening
        ? 'connecting'
        : 'offline';
    if (now === state) return;
    state = now;
    heard.emit('state', now);
  }

  function connect(): void {
    wanted = true;
    if (up || socket !== undefined || opening) return;
    void open();
  }

  /** Never rejects. */
  async function open(): Promise<void> {
    const mine = ++attempt;
    clear();
    opening = true;
    show();
    try {
      const token = await tokens.get();
      if (mine !== attempt) return;
      opening = false;
      begin(mine, token);
    } catch (failure) {
      if (mine !== attempt) return;
      opening = false;
      fail(asError(failure));
    }
  }

  function begin(mine: number, token: string): void {
    const opened = surroundings.openSocket(url.origin, {
      path: `${url.pathname.replace(/\/$/, '')}/socket.io/`,
      forceNew: true,
      reconnection: false,
      transports: [...parts.transports],
      tryAllTransports: true,
      timeout: PATIENCE,
      auth: { token },
    });
    socket = opened;
    let refusal: DeskwireError | undefined;
    let comeBack: number | undefined;
    const ended = (why: DeskwireError) => {
      if (mine !== attempt) return;
      if (refusal?.code === 'unauthorized' || refusal?.code === 'token_expired') tokens.refused(token);
      drop();
      fail(refusal ?? why, comeBack);
    };
    callOff.push(surroundings.after(PATIENCE, () => ended(unreachable('The server did not answer in time'))));
    opened.on('connect_error', (failure) => ended(unreachable(failure.message)));
    opened.on('disconnect', (reason) => ended(unreachable(`The connection ended: ${reason}`)));
    opened.onAny((name: string, payload) => {
      if (mine !== attempt) return;
      if (name === 'connected' && !up) welcome(payload);
      if (name === 'error' && payload?.event === undefined) refusal = errorFrom(payload ?? {});
      if (name === 'server:draining') comeBack = Number(payload?.retryAfter) * 1_000 || 0;
      link.emit('event', { name, payload });
    });
  }

  function welcome({ userId, name, role }: { userId: unknown; name: string; role: Me['role'] }): void {
    clear();
    me = { id: String(userId), name, role };
    up = true;
    error = undefined;
    // One that is cut off again and again as soon as it is up does not come back at full speed.
    callOff.push(surroundings.after(STABLE, backoff.reset));
    renewInTime();
    link.emit('up', undefined);
    show();
  }

  /** The server ends a socket with its token. */
  function renewInTime(): void {
    const { renewAt } = tokens;
    if (renewAt === undefined || !tokens.renewable) return;
    const mine = attempt;
    callOff.push(
      surroundings.after(Math.min(Math.max(renewAt - surroundings.now(), 0), 2 ** 31 - 1), () => {
        tokens.get().then(
          (token) => mine === attempt && ask('auth:refresh', { token }, renewed),
          (failure) => mine === attempt && renewed({ ok: false, error: asError(failure) }),
        );
      }),
    );
    function renewed(reply: Reply): void {
      if (mine !== attempt) return;
      if (reply.ok) renewInTime();
      else callOff.push(surroundings.after(RENEW_AGAIN, renewInTime));
    }
  }

  /** Plans the next attempt, unless there is no sense in one. */
  function fail(why: DeskwireError, comeBack?: number): void {
    error = why;
    const hopeless = why.code === 'another_user' || (!tokens.renewable && why.code === 'no_token');
    if (wanted && !hopeless) {
      // A server that shuts down gives each its own second; within that, they spread themselves.
      const spread = surroundings.random() * 1_000;
      const wait = comeBack === undefined ? backoff.next((why.retryAfter ?? 0) * 1_000) : comeBack + spread;
      retryAt = surroundings.now() + wait;
      callOff.push(surroundings.after(wait, () => void open()));
    }
    show();
    heard.emit('error', why);
  }

  function clear(): void {
    for (const one of callOff) one();
    callOff = [];
    retryAt = undefined;
  }

  /** The socket is no more; whoever asked something is told by `ask`. */
  function drop(): void {
    const gone = socket;
    const wasUp = up;
    attempt += 1;
    clear();
    socket = undefined;
    up = false;
    gone?.offAny();
    gone?.off();
    gone?.disconnect();
    if (wasUp) link.emit('down', undefined);
  }

  function ask(name: string, payload: object, then: (reply: Reply) => void): void {
    const asked = socket;
    if (!up || asked === undefined) {
      then({ ok: false, error: unreachable('There is no connection') });
      return;
    }
    let answered = false;
    const answer = (reply: Reply) => {
      if (answered) return;
      answered = true;
      ignoreDown();
      callOffWait();
      then(reply);
    };
    const ignoreDown = link.on('down', () => answer({ ok: false, error: unreachable('The connection ended') }));
    const callOffWait = surroundings.after(PATIENCE, () =>
      answer({ ok: false, error: unreachable('The server did not answer in time') }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: each request has an answer of its own
    asked.emit(name, payload, (told: any) => {
      answer(told?.success === true ? { ok: true, answer: told } : { ok: false, error: errorFrom(told?.error ?? {}) });
    });
  }

  const connection: Connection = {
    on: heard.on,
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
    ask,
    tell(name, payload) {
      if (up) socket?.emit(name, payload, () => undefined);
    },
    catchingUp(follower, yes) {
      if (yes) behind.add(follower);
      else behind.delete(follower);
      show();
    },
  };
  return {
    connection,
    link: inner,
    close() {
      ignoreNetwork();
      connection.disconnect();
      heard.clear();
      link.clear();
    },
  };
}

function unreachable(message: string): DeskwireError {
  return new DeskwireError('unreachable', message);
}
