/** A client as the guides of the seeds describe it: REST with a token, and socket.io-client. */
import assert from 'node:assert/strict';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

/** Milliseconds to wait for an event or an ack. */
const TIMEOUT = 5_000;

export type Payload = Readonly<Record<string, unknown>>;

export interface SeedClient {
  readonly token: string;
  /** Sends a request. Rejects when the status is not `expected`. */
  call(method: string, path: string, expected: number, body?: object): Promise<Payload>;
}

export async function logIn(url: string, email: string, password: string): Promise<SeedClient> {
  const { access_token: token } = await call(url, undefined, 'POST', '/api/v1/auth/login', 200, { email, password });
  assert.equal(typeof token, 'string', 'the login answers with an access_token');
  const bearer = String(token);
  return { token: bearer, call: (method, path, expected, body) => call(url, bearer, method, path, expected, body) };
}

async function call(
  url: string,
  token: string | undefined,
  method: string,
  path: string,
  expected: number,
  body?: object,
): Promise<Payload> {
  const headers = {
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.equal(response.status, expected, `${method} ${path} answered ${response.status}: ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

/** A socket that keeps every event that it received. */
export interface SeedSocket extends Disposable {
  /** The id of the socket; empty before it is connected. */
  readonly id: string;
  /** Sends an event without an ack, as most seeds do. */
  emit(name: string, payload?: unknown): void;
  /** Sends an event. Resolves with the ack. */
  ask(name: string, payload?: unknown): Promise<Payload>;
  /**
   * Resolves with the first event of this name that fits, received before or after the call. Rejects after 5 seconds.
   */
  event(name: string, fits?: (payload: Payload) => boolean): Promise<Payload>;
  /** The payloads of all received events of this name, in order. */
  received(name: string): readonly Payload[];
  /** The names of all received events, in order. */
  readonly names: readonly string[];
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
}

export type SeedSocketOptions = Partial<ManagerOptions & SocketOptions>;

/** Connects. `url`: with the namespace as its path. */
export function openSocket(url: string, options: SeedSocketOptions): SeedSocket {
  const socket: Socket = io(url, { forceNew: true, ...options });
  const events: { name: string; payload: Payload }[] = [];
  const waiting = new Set<() => void>();
  socket.onAny((name: string, payload: Payload) => {
    events.push({ name, payload });
    for (const check of waiting) check();
  });
  const ended = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
  const of = (name: string) => events.filter((one) => one.name === name).map(({ payload }) => payload);

  function event(name: string, fits: (payload: Payload) => boolean = () => true): Promise<Payload> {
    const { promise, resolve, reject } = Promise.withResolvers<Payload>();
    const check = () => {
      const found = of(name).find(fits);
      if (found !== undefined) resolve(found);
    };
    waiting.add(check);
    check();
    const timer = setTimeout(() => {
      reject(new Error(`no ${name} within ${TIMEOUT} ms; received: ${events.map((one) => one.name).join(', ')}`));
    }, TIMEOUT);
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(check);
    });
  }

  return {
    get id() {
      return socket.id ?? '';
    },
    emit: (name, ...payload) => void socket.emit(name, ...payload),
    ask: (name, ...payload) => socket.timeout(TIMEOUT).emitWithAck(name, ...payload),
    event,
    received: of,
    get names() {
      return events.map(({ name }) => name);
    },
    ended,
    [Symbol.dispose]: () => void socket.disconnect(),
  };
}
