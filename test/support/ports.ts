/**
 * Ports for servers that a test stops and starts again. They are below the ports of outgoing connections, of which
 * parallel tests open thousands: no connection takes the port of a stopped server.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const RANGE = [20_000, 32_000] as const;

/** A random port, which may be in use. */
export function anyPort(): number {
  return randomInt(...RANGE);
}

/** A port on which no server listens. */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = anyPort();
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
