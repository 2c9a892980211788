/**
 * A network that does to connections what networks do: cuts them, holds them up, loses what the server answers, lets
 * nobody through for a while. What is done to it holds for the connections there are and for those to come.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FlakyProxy extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection, with whatever is under way. */
  cut(): void;
  /** Nothing gets through, in either direction; nobody is told. */
  hold(): void;
  /** What the server sends does not get through, what clients send does. */
  deafen(): void;
  /** New connections are ended at once. */
  refuse(): void;
  /** All is well again; what was held up goes on. */
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
      from.on('error', () => {}); // Its end is all that matters.
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
