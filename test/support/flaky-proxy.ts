/**
 * A proxy with the faults of a network: it cuts connections, holds them, loses the server's answers, or refuses new
 * connections. A fault applies to open connections and to later ones.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FlakyProxy extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection at once. Data on the way is lost. */
  cut(): void;
  /** Passes nothing on, in either direction, and keeps the connections open. */
  hold(): void;
  /** Passes on data of the clients, and none of the server. */
  deafen(): void;
  /** New connections are ended at once. */
  refuse(): void;
  /** Ends the fault. Data that was held is passed on. */
  heal(): void;
}

type Mode = 'well' | 'held' | 'deaf' | 'refusing';

export async function startFlakyProxy(target: string): Promise<FlakyProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: Mode = 'well';

  function apply([client, server]: readonly [Socket, Socket]): void {
    if (mode === 'held') client.pause();
    else client.resume();
    if (mode === 'held' || mode === 'deaf') server.pause();
    else server.resume();
  }

  function become(next: Mode): void {
    mode = next;
    for (const pair of pairs) apply(pair);
  }

  const listener = createServer((client) => {
    if (mode === 'refusing') {
      client.destroy();
      return;
    }
    const server = connect({ host: hostname, port: Number(port) });
    const pair = [client, server] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.setNoDelay(true);
      from.on('data', (chunk) => void to.write(chunk));
      from.on('error', () => {}); // `close` follows, and handles it.
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
    apply(pair);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  function cut(): void {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
  }

  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    hold: () => become('held'),
    deafen: () => become('deaf'),
    refuse() {
      become('refusing');
      cut();
    },
    heal: () => become('well'),
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await once(listener, 'close');
    },
  };
}
