/**
 * Tests what a second use of a refresh token does on the wire (docs/protocol.md section 1): reuse revokes the family,
 * and the same client may repeat a refresh once, within seconds. Two nodes, so that sockets end wherever they are.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSocket } from '../../conformance/client.ts';
import { PASSWORD } from '../../conformance/people.ts';
import { type StartedServer, startServers } from '../../conformance/server.ts';

const home = { 'user-agent': 'Browser/1', 'x-forwarded-for': '203.0.113.7' };
const CREDENTIALS = { email: 'driver@example.com', password: PASSWORD };
/** A balancer without sticky sessions sends the requests of one polling client to different nodes. */
const once = { reconnection: false, transports: ['websocket'] };
let server: StartedServer;

beforeAll(async () => {
  server = await startServers(2, { TRUST_PROXY: 'loopback' });
});
afterAll(() => server?.[Symbol.asyncDispose]());

type Headers = Readonly<Record<string, string>>;

async function post(action: string, body: object, headers: Headers) {
  const answer = await fetch(`${server.url}/api/v1/auth/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as Held,
    cookie: answer.headers.get('set-cookie')?.split(';')[0],
  };
}

/** How a client holds its refresh token: in the body, or in a cookie as the console does. */
const HOLDERS = {
  body: {
    async login() {
      return (await post('login', CREDENTIALS, home)).body;
    },
    async refresh({ refresh_token }: Held, headers: Headers = home) {
      return post('refresh', { refresh_token }, headers);
    },
  },
  cookie: {
    async login() {
      const { body, cookie } = await post('login', CREDENTIALS, { ...home, 'deskwire-session': 'cookie' });
      return { ...body, refresh_token: cookie ?? '' };
    },
    async refresh({ refresh_token: cookie }: Held, headers: Headers = home) {
      const answer = await post('refresh', {}, { ...headers, 'deskwire-session': 'cookie', cookie });
      return { ...answer, body: { ...answer.body, refresh_token: answer.cookie ?? '' } };
    },
  },
} as const;

interface Held {
  readonly access_token: string;
  readonly refresh_token: string;
}

async function works({ access_token }: Held): Promise<boolean> {
  const headers = { authorization: `Bearer ${access_token}` };
  return (await fetch(`${server.url}/api/v1/notifications/unread-count`, { headers })).ok;
}

describe.each(['body', 'cookie'] as const)('with the refresh token in the %s', (holder) => {
  const { login, refresh } = HOLDERS[holder];

  /** A session that was refreshed once, with a socket of each namespace; more than the number of nodes. */
  async function session() {
    const first = await login();
    const second: Held = (await refresh(first)).body;
    const namespaces = ['/', '/support', '/notifications', '/'];
    const sockets = namespaces.map((path) =>
      openSocket(server.url + path, { auth: { token: second.access_token }, ...once }),
    );
    await Promise.all(sockets.map((socket) => socket.event('connected')));
    const stack = new DisposableStack();
    for (const socket of sockets) stack.use(socket);
    return { first, second, sockets, [Symbol.dispose]: () => stack.dispose() };
  }
  type Session = Awaited<ReturnType<typeof session>>;

  it('the same client gets the same next token once more, and nothing ends', async () => {
    using one = await session();
    const again = await refresh(one.first);
    expect(again.status).toBe(200);
    expect(again.body.refresh_token).toBe(one.second.refresh_token);
    expect(await works(again.body)).toBe(true);
    expect(await works(one.second)).toBe(true);
    const third = await refresh(again.body);
    expect(third.status).toBe(200);
    expect(third.body.refresh_token).not.toBe(again.body.refresh_token);
    for (const socket of one.sockets) expect(socket.names).not.toContain('error');
  });

  const thefts: readonly [string, (one: Session) => Promise<{ status: number }>][] = [
    ['a use from another address', ({ first }) => refresh(first, { ...home, 'x-forwarded-for': '198.51.100.9' })],
    ['a use from another IPv6 network', ({ first }) => refresh(first, { ...home, 'x-forwarded-for': '2001:db8::1' })],
    ['a use by another program', ({ first }) => refresh(first, { ...home, 'user-agent': 'curl/8' })],
    [
      'a use from elsewhere with an invented key',
      ({ first }) => refresh(first, { 'user-agent': 'curl/8', 'idempotency-key': 'invented' }),
    ],
    [
      'a third use by the same client',
      async ({ first }) => {
        expect((await refresh(first)).status).toBe(200);
        return refresh(first);
      },
    ],
    [
      'a use by the same client after the next token was used',
      async ({ first, second }) => {
        expect((await refresh(second)).status).toBe(200);
        return refresh(first);
      },
    ],
    [
      'a use from elsewhere after the owner repeated the refresh',
      async ({ first }) => {
        expect((await refresh(first)).status).toBe(200);
        return refresh(first, { ...home, 'x-forwarded-for': '198.51.100.9' });
      },
    ],
  ];

  it.each(thefts)('%s ends the family: its tokens, and its sockets on all nodes', async (_what, steal) => {
    using one = await session();
    const other: Held = await login();
    using spared = openSocket(server.url, { auth: { token: other.access_token }, ...once });
    await spared.event('connected');
    expect((await steal(one)).status).toBe(401);
    await Promise.all(one.sockets.map((socket) => socket.ended));
    for (const socket of one.sockets) {
      expect(socket.received('error')).toEqual([{ type: 'unauthorized', message: 'Authentication required' }]);
    }
    expect((await refresh(one.second)).status).toBe(401);
    expect(await works(one.first)).toBe(false);
    expect(await works(one.second)).toBe(false);
    expect(await works(other), 'another session of the same user goes on').toBe(true);
    expect(spared.names).not.toContain('error');
    expect((await refresh(other)).status).toBe(200);
  });
});
