/**
 * Attacks over HTTP and sockets: what clients do that want others not to be served. Each ends when its signal is
 * aborted.
 */
import { connect, type Socket } from 'node:net';
import { frameOf } from '../../test/support/raw-websocket.ts';

export interface Target {
  readonly url: string;
  /** A token for each of four requesters. */
  readonly requesters: readonly string[];
  /** A service, and users that exist. */
  readonly service: string;
  readonly userIds: readonly string[];
  /** Path of a file of 10 MB, for the first requester. */
  readonly download: string;
}

export interface Attack {
  readonly name: string;
  run(target: Target, signal: AbortSignal): Promise<void>;
}

/** The attacker's address. Everything under 127.0.0.0/8 is this host. */
const ATTACKER = '127.0.0.2';
const CONNECTIONS = 2_000;
/** Bytes of the attachments of one unfinished binary packet. */
const ATTACHMENTS = 32 * 1_024 * 1_024;
/** Bytes of an `auth` of lists within lists. */
const NESTED = 4 * 1_024 * 1_024;

export const ATTACKS: readonly Attack[] = [
  {
    name: '2,000 half-sent login bodies',
    run: (target, signal) =>
      hold(target, signal, CONNECTIONS, () => head('POST', '/api/v1/auth/login', 'content-length: 60', '{"email": "')),
  },
  {
    name: '2,000 half-sent heads',
    run: (target, signal) =>
      hold(target, signal, CONNECTIONS, () => 'POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\nx-'),
  },
  {
    name: '2,000 half-sent messages of one requester',
    run: (target, signal) =>
      hold(target, signal, CONNECTIONS, () =>
        head('POST', '/api/v1/support', `${bearer(target.requesters[0])}\r\ncontent-length: 60`, '{"description": "'),
      ),
  },
  {
    name: 'reads of four requesters that wait for a position to come, 600 each',
    run: (target, signal) =>
      hold(target, signal, 2_400, (index) =>
        head('GET', '/api/v1/support', `${bearer(target.requesters[index % 4])}\r\ndeskwire-min-position: 99999999`),
      ),
  },
  {
    name: '300 downloads of 10 MB that nobody reads',
    run: (target, signal) => hold(target, signal, 300, () => head('GET', target.download, '')),
  },
  {
    name: '200 wrong passwords at once, again and again',
    run: (target, signal) =>
      repeat(signal, 200, () =>
        post(target.url, '/api/v1/auth/login', { email: 'driver@example.com', password: 'wrong-password' }, signal),
      ),
  },
  {
    name: 'readiness and metrics, 100 at once, again and again',
    run: ({ url }, signal) =>
      repeat(signal, 100, async (index) => {
        const answer = await fetch(url + (index % 2 ? '/readyz' : '/metrics'), { signal });
        await answer.arrayBuffer();
      }),
  },
  {
    name: 'notifications of 100 kB to 1,000 users, one after the other',
    run: ({ url, service, userIds }, signal) =>
      repeat(signal, 1, () => {
        const data = { text: 'x'.repeat(100_000) };
        const body = { userIds, type: 'x', title: 'x', message: 'x', data };
        return post(url, '/api/v1/notifications', body, signal, service);
      }),
  },
  {
    name: '20 anonymous sockets with unfinished binary packets',
    run: (target, signal) => holdSame(target, signal, 20, [websocket(), unfinishedBinary()]),
  },
  {
    name: '20 anonymous sockets with messages in tiny pieces that never end',
    run: (target, signal) => holdSame(target, signal, 20, [websocket(), tinyPieces()]),
  },
  {
    name: '20 anonymous sockets with a nested auth of 4 MB',
    run: (target, signal) => holdSame(target, signal, 20, [websocket(), nestedAuth('')]),
  },
  {
    name: '20 signed-in sockets with a nested auth of 4 MB for one more namespace',
    run(target, signal) {
      const signIn = message(`40{"token":"${target.requesters[0]}"}`);
      // Frames of the full size are read when the first namespace is connected.
      const later = { after: 1_000, sent: nestedAuth('/notifications,') };
      return holdSame(target, signal, 20, [websocket(), signIn, later]);
    },
  },
  {
    name: '2,000 half-open handshakes of sockets',
    run: (target, signal) => hold(target, signal, CONNECTIONS, (index) => (index % 2 === 0 ? websocket() : polling())),
  },
  {
    name: '2,000 half-sent handshakes of sockets',
    run: (target, signal) => hold(target, signal, CONNECTIONS, () => websocket().slice(0, -4)),
  },
];

/** The head of a request for a websocket of Engine.IO. */
function websocket(): string {
  const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13';
  const key = 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==';
  return `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a\r\n${upgrade}\r\n${key}\r\n\r\n`;
}

function polling(): string {
  return 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: a\r\n\r\n';
}

function message(text: string): Buffer {
  return frameOf(Buffer.from(text), 1, true);
}

/** A binary packet that announces more attachments than come. */
function unfinishedBinary(): Buffer {
  const packet = message('4510-["join_ticket",{"ticketId":{"_placeholder":true,"num":0}}]');
  const piece = ATTACHMENTS / 8;
  return Buffer.concat([packet, ...Array.from({ length: 8 }, () => frameOf(Buffer.alloc(piece), 2, true))]);
}

function tinyPieces(): Buffer {
  const first = frameOf(Buffer.from('4'), 1, false);
  const piece = frameOf(Buffer.from('x'), 0, false);
  return Buffer.concat([first, ...Array.from({ length: 20_000 }, () => piece)]);
}

function nestedAuth(namespace: string): Buffer {
  return message(`40${namespace}{"a":${'['.repeat(NESTED / 2)}${']'.repeat(NESTED / 2 - 100)}`);
}

function bearer(token = ''): string {
  return `authorization: Bearer ${token}`;
}

function head(method: string, path: string, headers: string, body = ''): string {
  const lines = headers === '' ? '' : `${headers}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${lines}\r\n${body}`;
}

/** What a connection sends at once, or after a time in milliseconds. */
type Sent = string | Buffer | { readonly after: number; readonly sent: Buffer };

/** Opens connections that send this much and read nothing. A connection that is ended is opened again. */
async function hold(
  { url }: Target,
  signal: AbortSignal,
  connections: number,
  sent: (index: number) => string | readonly Sent[],
): Promise<void> {
  const { hostname, port } = new URL(url);
  const held = new Set<Socket>();
  function open(index: number): void {
    const socket = connect({ host: hostname, port: Number(port), localAddress: ATTACKER }, () => {
      for (const one of [sent(index)].flat()) write(socket, one);
    });
    socket.pause();
    held.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      held.delete(socket);
      if (!signal.aborted) setTimeout(() => signal.aborted || open(index), 500);
    });
  }
  for (let index = 0; index < connections; index += 1) open(index);
  await aborted(signal);
  for (const socket of held) socket.destroy();
}

/** The same from each connection. */
function holdSame(target: Target, signal: AbortSignal, connections: number, sent: readonly Sent[]): Promise<void> {
  return hold(target, signal, connections, () => sent);
}

function write(socket: Socket, one: Sent): void {
  if (typeof one === 'string' || Buffer.isBuffer(one)) socket.write(one);
  else setTimeout(() => socket.write(one.sent), one.after);
}

async function repeat(signal: AbortSignal, atOnce: number, ask: (index: number) => Promise<unknown>): Promise<void> {
  const loops = Array.from({ length: atOnce }, async (_, index) => {
    while (!signal.aborted) await ask(index).catch(() => undefined);
  });
  await Promise.all(loops);
}

async function post(url: string, path: string, body: object, signal: AbortSignal, token?: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body), signal });
  await answer.arrayBuffer();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
