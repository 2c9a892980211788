/** A client as the seeds' own guides describe one: REST with a token, and socket.io-client. */
import assert from 'node:assert/strict';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

/** Milliseconds that anything may take before it counts as not having happened. */
const PATIENCE = 5_000;

export type Payload = Readonly<Record<string, unknown>>;

export interface SeedClient {
  readonly token: string;
  /** Rejects when the status is another one than `expected`. */
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

/** A socket that remembers what it was sent. */
export interface SeedSocket extends Disposable {
  /** Its id, once it is connected. */
  readonly id: string;
  /** Without waiting for an answer, as most seeds do. */
  emit(name: string, payload?: unknown): void;
  /** Resolves with the ack. */
  ask(name: string, payload?: unknown): Promise<Payload>;
  /** The first such event, whether it came already or is yet to come. Rejects after a while. */
  event(name: string, fits?: (payload: Payload) => boolean): Promise<Payload>;
  heard(name: string): readonly Payload[];
  /** The names of everything heard, in order. */
  readonly names: readonly string[];
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
}

export type SeedSocketOptions = Partial<ManagerOptions & SocketOptions>;

/** `url` with the namespace as its path. */
export function openSocket(url: string, options: SeedSocketOptions): SeedSocket {
  const socket: Socket = io(url, { forceNew: true, ...options });
  const heard: { name: string; payload: Payload }[] = [];
  const waiting = new Set<() => void>();
  socket.onAny((name: string, payload: Payload) => {
    heard.push({ name, payload });
    for (const look of waiting) look();
  });
  const ended = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
  const of = (name: string) => heard.filter((one) => one.name === name).map(({ payload }) => payload);

  function event(name: string, fits: (payload: Payload) => boolean = () => true): Promise<Payload> {
    const { promise, resolve, reject } = Promise.withResolvers<Payload>();
    const look = () => {
      const found = of(name).find(fits);
      if (found !== undefined) resolve(found);
    };
    waiting.add(look);
    look();
    const timer = setTimeout(() => {
      reject(new Error(`no ${name} within ${PATIENCE} ms; heard: ${heard.map((one) => one.name).join(', ')}`));
    }, PATIENCE);
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(look);
    });
  }

  return {
    get id() {
      return socket.id ?? '';
    },
    emit: (name, ...payload) => void socket.emit(name, ...payload),
    ask: (name, ...payload) => socket.timeout(PATIENCE).emitWithAck(name, ...payload),
    event,
    heard: of,
    get names() {
      return heard.map(({ name }) => name);
    },
    ended,
    [Symbol.dispose]: () => void socket.disconnect(),
  };
}
