/**
 * Ends connections that would otherwise stay open: those of clients that go on sending a refused body, and, when the
 * server closes, those that would delay it. Node closes only the connections that are idle at that moment. A connection
 * whose answer is about to end would stay for the whole keep-alive time, and a slow upload even longer.
 */
import type { Socket } from 'node:net';
import type { App } from '../app.ts';

const IDLE_MS = 100;

/**
 * When the server begins to close, requests in flight have `grace` milliseconds to end. The same holds for connections
 * that were upgraded to another protocol: Node no longer closes them, but waits for them.
 */
export function closeConnections(app: App, grace: number): void {
  const connections = new Set<Socket>();
  app.server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  app.addHook('preClose', (done) => {
    // A server that never listened has no connections and never emits `close`.
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

/** While `draining`, the client is asked to send its next request over a new connection, which others accept. */
export function endConnectionsWhile(app: App, draining: () => boolean): void {
  app.addHook('onRequest', (_request, reply, done) => {
    if (draining()) reply.header('connection', 'close');
    done();
  });
}

/**
 * An answer that is sent while the body still arrives is a refusal. Most clients then stop; others are cut off after
 * `grace` milliseconds.
 */
export function cutOffRefused(app: App, grace: number): void {
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (!raw.complete) {
      const timer = setTimeout(() => raw.destroy(), grace).unref();
      raw.once('close', () => clearTimeout(timer));
    }
    done();
  });
}
