/**
 * A simple load balancer: it gives connections to the servers in turn, and to the next server when one does not accept.
 * When a server ends, its connections are cut off, as with any load balancer.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Balancer extends AsyncDisposable {
  readonly url: string;
  /** The servers from now on, by URL. */
  readonly servers: Set<string>;
}

export async function startBalancer(): Promise<Balancer> {
  const servers = new Set<string>();
  const open = new Set<Socket>();
  let turn = 0;

  function forward(client: Socket): void {
    const inTurn = [...servers];
    const first = turn++ % Math.max(1, inTurn.length);
    tryNext(client, [...inTurn.slice(first), ...inTurn.slice(0, first)]);
  }

  function tryNext(client: Socket, [url, ...others]: readonly string[]): void {
    if (url === undefined || client.destroyed) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(url);
    const server = connect({ host: hostname, port: Number(port) });
    const refused = () => tryNext(client, others);
    server.once('error', refused);
    server.once('connect', () => {
      server.off('error', refused);
      track(server);
      client.pipe(server).pipe(client);
      server.on('close', () => client.destroy());
      client.on('close', () => server.destroy());
    });
  }

  function track(socket: Socket): void {
    open.add(socket);
    socket.on('error', () => {}); // `close` follows, and handles it.
    socket.on('close', () => open.delete(socket));
  }

  const listener = createServer((client) => {
    track(client);
    forward(client);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    servers,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const socket of open) socket.destroy();
      await once(listener, 'close');
    },
  };
}
