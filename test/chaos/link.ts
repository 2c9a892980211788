/**
 * A TCP proxy between two parts of the system, which a test controls. It can be cut (both ends see a closed
 * connection), held (no byte moves in either direction, and neither end notices), and resumed. The same applies to new
 * connections.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Link extends AsyncDisposable {
  readonly port: number;
  /** The server behind the link. Without one, connections end at once. */
  target: Target | undefined;
  /** Ends every connection. */
  cut(): void;
  hold(): void;
  resume(): void;
}

export function targetOf(url: string): Target {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

export async function openLink(first?: Target): Promise<Link> {
  const ends = new Set<Socket>();
  let target = first;
  let held = false;

  function connectThrough(client: Socket): void {
    if (target === undefined) {
      client.destroy();
      return;
    }
    const server = connect(target);
    track(client);
    track(server);
    forward(client, server);
    forward(server, client);
  }

  function track(end: Socket): void {
    ends.add(end);
    end.setNoDelay(true);
    if (held) end.pause();
  }

  function forward(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (!held) from.resume();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      ends.delete(from);
      to.end();
    });
  }

  const listener = createServer((client) => connectThrough(client));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  function cut(): void {
    for (const end of ends) end.destroy();
  }

  return {
    port: (listener.address() as AddressInfo).port,
    get target() {
      return target;
    },
    set target(next) {
      target = next;
    },
    cut,
    hold() {
      held = true;
      for (const end of ends) end.pause();
    },
    resume() {
      held = false;
      for (const end of ends) end.resume();
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await once(listener, 'close');
    },
  };
}
