/** Marks the routes of an instance as authenticated, and refuses their requests without a valid bearer token. */
import type { Auth } from '../../auth/auth.ts';
import type { App } from '../app.ts';
import { requireAuthentication } from '../requests.ts';

/** Must be called before the routes are added. */
export function authenticateRequests(app: App, authenticate: Auth['authenticate']): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, authenticated: true };
  });
  app.addHook('onRequest', requireAuthentication(authenticate));
}
