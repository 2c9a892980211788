/**
 * Ends connections that would otherwise stay: of clients that go on sending what was refused long ago, and, when the server
 * closes, those that would hold that up. Node closes those that are idle at that moment; a connection whose answer
 * is just being finished would then stay for as long as keep-alive allows, and one that sends a file slowly even longer.
 */
import type { Socket } from 'node:net';
import type { App } from '../app.ts';

const IDLE_MS = 100;

/**
 * Requests under way have `grace` milliseconds to end, from when the server begins to close; so has what became a
 * connection of another protocol, which Node does not count among its own any more, and yet waits for.
 */
export function closeConnections(app: App, grace: number): void {
  const connections = new Set<Socket>();
  app.server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  app.addHook('preClose', (done) => {
    // One that never listened has no connections, and never says that it is closed.
    if (!app.server.listening) return done();
    const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_MS);
    const late = setTimeout(() => {
      for (const connection of connections) connection.destroy();
    }, grace);
    app.server.once('close', () => {
      clearInterval(idle);
      clearTimeout(late);
    });
    done();
  });
}

/** An answer to a body that is still arriving is a refusal: most clients stop then, the others after `grace` milliseconds. */
export function cutOffRefused(app: App, grace: number): void {
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (!raw.complete) {
      const timer = setTimeout(() => raw.destroy(), grace).unref();
      raw.once('close', () => clearTimeout(timer));
    }
    done();
  });
}
