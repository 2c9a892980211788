/** The console as a whole: its language and theme, who is signed in, and the view that the path names. */
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react';
import { Toasts } from './components/toasts.tsx';
import { SpeakIn, spoken } from './language/language.tsx';
import { keepPreferences, type Preferences, showPreferences } from './preferences.ts';
import { type createRouter, RouteWith } from './routing/router.tsx';
import type { Sessions } from './session/session.ts';
import { SignInPage } from './session/sign-in.tsx';
import { SignedIn } from './session/signed-in.tsx';
import { Shell } from './shell/shell.tsx';

interface Props {
  readonly router: ReturnType<typeof createRouter>;
  readonly sessions: Sessions;
  readonly preferences: Preferences;
}

export function App({ router, sessions, preferences: kept }: Props) {
  const [preferences, setPreferences] = useState(kept);
  const session = useSyncExternalStore(sessions.subscribe, () => sessions.current);
  const language = useMemo(() => spoken(preferences.language), [preferences.language]);
  const prefer = useCallback((changed: Preferences) => {
    keepPreferences(localStorage, changed);
    showPreferences(document.documentElement, changed);
    setPreferences(changed);
  }, []);
  return (
    <SpeakIn value={language}>
      <RouteWith value={router}>
        <Toasts>
          {session === undefined ? (
            <SignInPage sessions={sessions} />
          ) : (
            <SignedIn session={session} key={session.me.id}>
              <Shell preferences={preferences} onPrefer={prefer} onSignOut={() => sessions.signOut()} />
            </SignedIn>
          )}
        </Toasts>
      </RouteWith>
    </SpeakIn>
  );
}
