/**
 * Ends the connections that would hold up closing. Node closes those that are idle at that moment; a connection whose answer
 * is just being finished would then stay for as long as keep-alive allows, and one that sends a file slowly even longer.
 */
import type { App } from './app.ts';

const IDLE_MS = 100;

/** Requests under way have `grace` milliseconds to end, from when the server begins to close. */
export function closeConnections(app: App, grace: number): void {
  app.addHook('preClose', (done) => {
    // One that never listened has no connections, and never says that it is closed.
    if (!app.server.listening) return done();
    const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_MS);
    const late = setTimeout(() => app.server.closeAllConnections(), grace);
    app.server.once('close', () => {
      clearInterval(idle);
      clearTimeout(late);
    });
    done();
  });
}
