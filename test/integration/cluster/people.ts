/** Clients of a cluster: they repeat failed commands with the same key, and rejoin with their cursor. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { DEMO_PASSWORD } from '../../../src/runtime/demo.ts';

/** Milliseconds after which a client gives up a command. */
const PATIENCE = 60_000;

export async function logIn(url: string, email = 'driver@example.com'): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: DEMO_PASSWORD }),
  });
  if (!response.ok) throw new Error(`login answered ${response.status}`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

export type Answer = Readonly<Record<string, unknown>>;

/** Sends a command until its outcome is known. Rejects if that takes too long, or if the command is refused. */
export async function insist(url: string, token: string, path: string, body: object): Promise<Answer> {
  const key = randomUUID();
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await post(url + path, token, key, body);
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${path} was not answered within ${PATIENCE} ms`);
    await sleep(20);
  }
}

/** Undefined if the outcome is unknown. */
async function post(url: string, token: string, key: string, body: object): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    if (response.status >= 500) return undefined;
    if (!response.ok) throw new Refused(`${response.status} ${text}`);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof Refused) throw error;
    return undefined;
  }
}

class Refused extends Error {}

export interface Listener extends Disposable {
  /** The messages in the order of arrival. */
  readonly received: readonly { readonly text: string; readonly version: number }[];
  /** The number of times that it connected. */
  readonly connections: number;
  readonly drained: number;
  readonly transport: string;
  /** The transport's name. */
  readonly transportId: string | undefined;
}

/** Follows a ticket from version `after` on, across reconnections. Resolves after the first join. */
export async function listen(
  url: string,
  token: string,
  ticketId: string,
  transports: string[] = ['websocket'],
): Promise<Listener> {
  const received: { text: string; version: number }[] = [];
  let connections = 0;
  let drained = 0;
  const socket: Socket = io(url, {
    auth: { token },
    transports,
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  });
  const joined = Promise.withResolvers<void>();
  socket.on('connected', () => {
    connections += 1;
    socket.emit('join_ticket', { ticketId, after: received.at(-1)?.version ?? 0 }, (answer: { success: boolean }) => {
      if (answer.success) joined.resolve();
      else socket.io.engine.close();
    });
  });
  socket.on('server:draining', () => {
    drained += 1;
  });
  socket.on('new_message', ({ message, version }: { message: { message: string }; version: number }) => {
    received.push({ text: message.message, version });
  });
  await joined.promise;
  return {
    received,
    get connections() {
      return connections;
    },
    get drained() {
      return drained;
    },
    get transport() {
      return socket.io.engine.transport.name;
    },
    get transportId() {
      return (socket.io.engine as { id?: string }).id;
    },
    [Symbol.dispose]: () => void socket.close(),
  };
}
