/** Starts the console. The browser's globals are read here and passed to everything else. */
import { createRoot } from 'react-dom/client';
import { type StoredCommand, webStorage } from '../../src/client/index.ts';
import { newId } from '../../src/client/surroundings.ts';
import { App } from './app.tsx';
import { readPreferences, showPreferences } from './preferences.ts';
import { createRouter } from './routing/router.tsx';
import { createAuthRequests } from './session/auth-requests.ts';
import { createLease } from './session/lease.ts';
import { createSessions } from './session/session.ts';
import { createDraftStore } from './writing/draft-store.ts';

/** Milliseconds. */
const CONTACT_EVERY = 15_000;

const preferences = readPreferences(localStorage, navigator.languages);
showPreferences(document.documentElement, preferences);

const lease = createLease({
  storage: localStorage,
  now: Date.now,
  newId,
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
});

const requests = createAuthRequests(location.origin, (input, init) => fetch(input, init));
const sessions = createSessions({
  requests,
  storage: localStorage,
  now: Date.now,
  exclusively: navigator.locks === undefined ? lease : async (run) => navigator.locks.request('deskwire:session', run),
  onStorage: (listener) => window.addEventListener('storage', listener),
  onNextContact(run) {
    // The browser reports its own network only; a server that was away is asked again after a while.
    const contact = AbortSignal.any([AbortSignal.timeout(CONTACT_EVERY), onceOnline()]);
    contact.addEventListener('abort', run, { once: true });
  },
  forget(userId) {
    createDraftStore(localStorage, userId).clear();
    const outbox = webStorage(localStorage);
    for (const command of outbox.list() as readonly StoredCommand[])
      if (command.userId === userId) void outbox.remove(command.id);
  },
});

function onceOnline(): AbortSignal {
  const controller = new AbortController();
  window.addEventListener('online', () => controller.abort(), { once: true });
  return controller.signal;
}

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <App
      router={createRouter(window)}
      sessions={sessions}
      preferences={preferences}
      resetPassword={requests.resetPassword}
      resetToken={new URLSearchParams(location.search).get('token') ?? ''}
    />,
  );
}
