/**
 * Ports for servers that a test stops and starts again. They are below those that systems give to outgoing connections, of
 * which tests side by side make thousands: nothing takes the port of a server while it is stopped.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const RANGE = [20_000, 32_000] as const;

/** May be taken. */
export function anyPort(): number {
  return randomInt(...RANGE);
}

/** Nobody listens on it. */
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
