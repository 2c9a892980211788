/** Tests that the library connects where websockets are swallowed or missing. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildWeb } from '../../../scripts/build-web.ts';
import { createClient, signIn } from '../../../src/client/index.ts';
import { paths } from '../../../src/support/paths.ts';
import { PASSWORD } from '../../conformance/people.ts';
import { type StartedServer, startServer } from '../../conformance/server.ts';
import { until } from '../../support/until.ts';

let server: StartedServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A proxy that passes requests on, and accepts websockets without ever answering. */
async function startSwallowingProxy() {
  const swallowed: Socket[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers } = incoming;
    const passed = request(new URL(incoming.url ?? '', server.url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  proxy.on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => undefined);
    swallowed.push(socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    swallowed,
    close() {
      for (const socket of swallowed) socket.destroy();
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

it('polls where a proxy swallows websockets, and tries a websocket again', async () => {
  const proxy = await startSwallowingProxy();
  const { token } = await signIn({ url: server.url, email: 'driver@example.com', password: PASSWORD });
  const timers = new Map<number, () => void>();
  const client = createClient({
    url: proxy.url,
    token,
    surroundings: {
      after(milliseconds, run) {
        timers.set(milliseconds, run);
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
    },
  });
  await until(() => proxy.swallowed.length === 1, 'the websocket');
  timers.get(5_000)?.();
  await until(() => client.connection.state === 'live', 'polling');
  expect(client.connection.error).toBeUndefined();
  await until(() => proxy.swallowed.length === 2, 'Engine.IO to try a websocket beside polling');
  timers.get(300_000)?.();
  await until(() => proxy.swallowed.length === 3, 'a later try');
  expect(client.connection.state).toBe('live');
  client.close();
  proxy.close();
});

it('works in Node without WebSocket, XMLHttpRequest, Web Locks and Promise.withResolvers', async () => {
  await buildWeb();
  const program = `
    for (const name of ['WebSocket', 'XMLHttpRequest', 'navigator']) delete globalThis[name];
    delete Promise.withResolvers;
    const { createClient, signIn } = await import(${JSON.stringify(join(paths.web, 'client/index.js'))});
    const url = ${JSON.stringify(server.url)};
    const { token } = await signIn({ url, email: 'driver@example.com', password: ${JSON.stringify(PASSWORD)} });
    const client = createClient({ url, token });
    const { id } = await client.tickets.open({ description: 'From an older Node' });
    const ticket = client.ticket(id);
    await ticket.ready();
    console.log(client.connection.state);
    client.close();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 30_000,
  });
  expect(stdout.trim()).toBe('live');
});
