/** Starts the console. The browser's globals are read here and passed to everything else. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { readPreferences, showPreferences } from './preferences.ts';
import { createRouter } from './routing/router.tsx';
import { createSessions } from './session/session.ts';

const preferences = readPreferences(localStorage, navigator.languages);
showPreferences(document.documentElement, preferences);

const sessions = createSessions({
  url: location.origin,
  storage: localStorage,
  now: Date.now,
  // Pages served over http:// have no Web Locks, except on localhost. There, two tabs that renew at once may have to
  // sign in again.
  exclusively: async (run) =>
    navigator.locks === undefined ? run() : navigator.locks.request('deskwire:session', run),
  onStorage: (listener) => window.addEventListener('storage', listener),
});

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(<App router={createRouter(window)} sessions={sessions} preferences={preferences} />);
}
