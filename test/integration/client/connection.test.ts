/** Tests reconnection: after cuts, with tokens that expire or are refused, and to servers that shut down. */
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, type ClientOptions, createClient, signIn } from '../../../src/client/index.ts';
import { PASSWORD } from '../../conformance/people.ts';
import { type StartedServer, startServer } from '../../conformance/server.ts';
import { type FlakyProxy, startFlakyProxy } from '../../support/flaky-proxy.ts';
import { until } from '../../support/until.ts';

let server: StartedServer;
let proxy: FlakyProxy;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startServer();
  proxy = await startFlakyProxy(server.url);
});

afterAll(async () => {
  for (const client of clients) client.close();
  await proxy?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function tokenOf(name: string): Promise<string> {
  const { token } = await signIn({ url: server.url, email: `${name}@example.com`, password: PASSWORD });
  return token();
}

function connect(options: Pick<ClientOptions, 'token'> & Partial<ClientOptions>): Client {
  const client = createClient({ url: proxy.url, pace: { first: 20, most: 50 }, ...options });
  clients.push(client);
  return client;
}

const live = (client: Client) => until(() => client.connection.state === 'live', 'the connection to be live');

it('goes from offline to live, and from a cut back to live through replaying', async () => {
  const client = connect({ token: await tokenOf('driver') });
  const states: string[] = [client.connection.state];
  const reasons: (string | undefined)[] = [];
  client.connection.on('state', (state) => {
    states.push(state);
    if (state === 'offline') reasons.push(client.connection.error?.code);
  });
  client.inbox.follow();
  await live(client);
  expect(client.connection.me).toEqual({ id: '1', name: 'john_driver', role: 'driver' });
  proxy.cut();
  await until(() => states.includes('offline'), 'the cut to be noticed');
  await live(client);
  expect(reasons).toEqual(['unreachable']);
  expect(client.connection.error).toBeUndefined();
  expect(states).toEqual(['connecting', 'replaying', 'live', 'offline', 'connecting', 'replaying', 'live']);
});

it('stays offline after disconnect, until connect', async () => {
  const client = connect({ token: await tokenOf('driver') });
  await live(client);
  client.connection.disconnect();
  expect(client.connection.state).toBe('offline');
  expect(client.connection.retryAt).toBeUndefined();
  client.connection.connect();
  await live(client);
});

it('connects at once when the device has a network again', async () => {
  let online = () => {};
  const onNetwork = (run: () => void) => {
    online = run;
    return () => {};
  };
  const client = connect({
    token: await tokenOf('driver'),
    pace: { first: 3_600_000, most: 3_600_000 },
    surroundings: { onNetwork, random: () => 1 },
  });
  await live(client);
  proxy.cut();
  await until(() => client.connection.retryAt !== undefined, 'an attempt to be planned');
  online();
  await live(client);
});

describe('a token', () => {
  it('that is refused is replaced', async () => {
    const good = await tokenOf('driver');
    const tokens = ['not a token', good];
    const client = connect({ token: () => tokens.shift() ?? good });
    await live(client);
    expect(tokens).toEqual([]);
  });

  it('that is constant and refused leaves the client offline, with the reason and no further attempt', async () => {
    const client = connect({ token: 'not a token' });
    await until(() => client.connection.error?.code === 'no_token', 'the refusal');
    expect(client.connection.state).toBe('offline');
    expect(client.connection.retryAt).toBeUndefined();
  });

  it('that is about to expire is replaced on the same connection', async () => {
    const good = await tokenOf('driver');
    const { exp } = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString());
    let time = exp * 1_000 - 3_600_000;
    let renew: (() => void) | undefined;
    const states: string[] = [];
    const sent: string[] = [];
    const client = connect({
      token: () => good,
      surroundings: {
        now: () => time,
        openSocket: (url, options) => io(url, options).onAnyOutgoing((name) => sent.push(name)),
        after(milliseconds, run) {
          // All other timers run within seconds.
          if (milliseconds === 3_540_000) renew = run;
          const timer = setTimeout(run, milliseconds);
          return () => clearTimeout(timer);
        },
      },
    });
    await live(client);
    client.connection.on('state', (state) => states.push(state));
    time += 3_540_000;
    renew?.();
    await until(() => sent.includes('auth:refresh'), 'the connection to have another token');
    // If the server refused the token, the connection would end before this is answered.
    await client.tickets.list();
    expect(states).toEqual([]);
  });

  it('of another user is refused', async () => {
    const tokens = [await tokenOf('driver'), await tokenOf('agent')];
    const client = connect({ token: () => tokens.shift() ?? '' });
    await live(client);
    await client.request('POST', '/api/v1/auth/logout').catch(() => undefined);
    await until(() => client.connection.error?.code === 'another_user', 'the other user to be noticed');
    expect(client.connection.state).toBe('offline');
  });
});

it('reconnects after the time that a server names when it shuts down', async () => {
  const other = await startServer();
  const { token } = await signIn({ url: other.url, email: 'driver@example.com', password: PASSWORD });
  // Without random waits, only the server's time decides when the client reconnects.
  const client = connect({ url: other.url, token, surroundings: { random: () => 0 } });
  await live(client);
  let announced: number | undefined;
  let wait: number | undefined;
  client.on('server:draining', (payload) => {
    announced = (payload as { retryAfter: number }).retryAfter;
  });
  client.connection.on('error', () => {
    wait ??= (client.connection.retryAt ?? 0) - Date.now();
  });
  await other[Symbol.asyncDispose]();
  await until(() => wait !== undefined, 'the connection to end');
  expect(announced).toBeGreaterThanOrEqual(0);
  expect(Math.round((wait ?? 0) / 1_000)).toBe(announced);
  client.close();
});
